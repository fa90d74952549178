import * as z from 'zod';
import { PROFILE_NAMES } from '../../lambdas/ingest/signature/profiles/profiles.ts';
import { signatureSchemeSchema } from '../../lambdas/ingest/signature/scheme.ts';
import { acknowledgementSchema, handshakeSchema, selectorSchema } from '../../lambdas/ingest/source.ts';
import { eventKeyKinds, mappingFileSchema } from './schema.ts';

type JsonSchema = Record<string, unknown>;

/** Says what a mapping file may hold, for editors. It knows of keys and forms; the check at synth knows all else. */
export function mappingJsonSchema(): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(mappingFileSchema, { io: 'input', unrepresentable: 'any' });
  return {
    $schema,
    title: 'Mapping file of the Webex Campaign Webhook Adapter',
    description: 'What becomes of the webhooks of one source: docs/mapping-language.md',
    ...(withWrittenForms(schema) as JsonSchema),
  };
}

/** Puts what a person may write in the place of what zod could say of it. */
function withWrittenForms(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => withWrittenForms(item));
  if (typeof value !== 'object' || value === null) return value;
  const written = WRITTEN[key];
  if (written !== undefined && !Array.isArray(value)) {
    return { ...('description' in value && { description: value.description }), ...written() };
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, withWrittenForms(inner, name)]),
  );
}

/** Keys whose value zod checks in a way that JSON Schema has no words for, as a person writes them. */
const WRITTEN: Readonly<Record<string, () => JsonSchema>> = {
  verify: () => ({
    anyOf: [
      { enum: [...PROFILE_NAMES], description: 'The name of a profile.' },
      {
        type: 'object',
        required: ['profile'],
        properties: { profile: { enum: [...PROFILE_NAMES] } },
        description: 'A profile with some of its knobs changed.',
      },
      { ...fragment(signatureSchemeSchema), description: 'The knobs of a scheme: docs/add-a-source.md.' },
    ],
  }),
  'event-type': () => oneOrMore(fragment(selectorSchema)),
  'deduplication-id': () => oneOrMore(fragment(selectorSchema)),
  handshakes: () => ({ type: 'array', items: fragment(handshakeSchema) }),
  acknowledge: () => fragment(acknowledgementSchema),
  'event-key': () => ({ anyOf: [{ type: 'string' }, fragment(eventKeyKinds)] }),
};

function oneOrMore(one: JsonSchema): JsonSchema {
  return { anyOf: [one, { type: 'array', items: one, minItems: 1 }] };
}

function fragment(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}
