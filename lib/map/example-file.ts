import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { type ConfigFile, type Problem, parseConfigFile } from '../config-file.ts';
import { type Expectation, expectationSchema } from './expectation.ts';
import type { PreviewedWebhook } from './preview-webhook.ts';
import { setMembers } from './set-members.ts';

/** An example as a person writes it: a webhook, and what it is expected to become. */
const exampleFileSchema = z.strictObject({
  webhook: z
    .strictObject({
      'body-file': z.string().min(1).optional().describe('Path of the body, from this file.'),
      body: z
        .union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())])
        .optional()
        .describe('The body: as text, byte for byte, or as YAML.'),
      set: z
        .record(z.string().regex(/^(\/[^/]+)+$/, 'expected a JSON pointer: "/data/id"'), z.unknown())
        .optional()
        .describe('What is changed in it, by JSON pointer; a value of null makes it null.'),
      headers: z.record(z.string().min(1), z.string()).default({}),
      'received-at': z.iso.datetime().default('2026-01-01T00:00:00Z'),
    })
    .refine(
      (webhook) => (webhook.body === undefined) !== (webhook['body-file'] === undefined),
      'expected a body, or a body-file.',
    ),
  stage: z.string().optional().describe('The stage whose event ids are expected.'),
  expect: expectationSchema.optional(),
});

/** An example, ready to be run. */
export type Example = {
  /** `stripe/payment-failed`. */
  readonly name: string;
  /** Its path as problems tell it. */
  readonly file: string;
  readonly path: string;
  readonly webhook: PreviewedWebhook;
  readonly stage?: string;
  readonly expect?: Expectation;
  readonly problemAt: ConfigFile<unknown>['problemAt'];
};

/** Parses one file of a mapping's `examples` folder. `shown` is its path as problems tell it. */
export function parseExample(name: string, file: string, shown: string): Result<Example, readonly Problem[]> {
  const parsed = parseConfigFile(shown, readFileSync(file, 'utf8'), exampleFileSchema);
  if (!parsed.ok) return parsed;
  const { value, problemAt } = parsed.value;
  const { webhook, stage, expect } = value;
  const body = readBody(webhook, file);
  if (!body.ok) return fail([problemAt(['webhook', 'body-file'], body.failure)]);
  const headers = Object.entries({ 'content-type': 'application/json', ...webhook.headers });
  return succeed({
    name,
    file: shown,
    path: file,
    webhook: {
      rawBody: body.value,
      headers: new Map(headers.map(([header, text]) => [header.toLowerCase(), text])),
      receivedAt: new Date(webhook['received-at']),
    },
    ...(stage !== undefined && { stage }),
    ...(expect !== undefined && { expect }),
    problemAt,
  });
}

type WrittenWebhook = z.infer<typeof exampleFileSchema>['webhook'];

function readBody(
  { body, 'body-file': bodyFile, set = {} }: WrittenWebhook,
  file: string,
): Result<Uint8Array, string> {
  if (bodyFile === undefined) {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return succeed(Buffer.from(setMembers(text, set)));
  }
  const path = resolve(dirname(file), bodyFile);
  if (!existsSync(path)) return fail(`there is no file ${bodyFile}, seen from this one. Check the path.`);
  const bytes = readFileSync(path);
  return succeed(
    Object.keys(set).length === 0 ? bytes : Buffer.from(setMembers(bytes.toString('utf8'), set)),
  );
}
