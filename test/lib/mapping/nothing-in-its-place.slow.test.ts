import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { identifyWebhook } from '../../../lambdas/ingest/identity.ts';
import { type CompiledMapping, compileMapping, mapWebhook } from '../../../lambdas/map/webhook.ts';
import { parseBody } from '../../../lambdas/webhook-body.ts';
import { newestShopifySchemas } from '../../../lib/mapping/examples/coverage.ts';
import type { MappingFile } from '../../../lib/mapping/file.ts';
import { foldersOf, readExamples, readFolder } from '../../../lib/mapping/folders.ts';
import { resolveMapping } from '../../../lib/mapping/schema.ts';

const MAPPINGS = fileURLToPath(new URL('../../../mappings', import.meta.url));

/** A vendor may leave out any member, or write null or nothing in its place. */
const CHANGES: Readonly<Record<string, (parent: object, name: string) => void>> = {
  null: (parent, name) => Object.assign(parent, { [name]: null }),
  missing: (parent, name) => {
    if (Array.isArray(parent)) parent.splice(Number(name), 1);
    else Reflect.deleteProperty(parent, name);
  },
  empty: (parent, name) => Object.assign(parent, { [name]: emptyLike(Reflect.get(parent, name)) }),
};

function emptyLike(value: unknown): unknown {
  if (Array.isArray(value)) return [];
  return typeof value === 'object' && value !== null ? {} : '';
}

type Pointer = readonly string[];

/** Every member of a body, and every item of its lists. */
function pointersIn(value: unknown, at: Pointer = []): readonly Pointer[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const pointer = [...at, name];
    return [pointer, ...pointersIn(member, pointer)];
  });
}

function changed(body: unknown, pointer: Pointer, change: string): unknown {
  const copy = structuredClone(body);
  const parent = pointer
    .slice(0, -1)
    .reduce<unknown>((value, name) => Reflect.get(value as object, name), copy);
  CHANGES[change]?.(parent as object, pointer.at(-1) ?? '');
  return copy;
}

/** Texts that let the mapping's conditions pass, by the member's name; others are "1". */
const TEXTS: Readonly<Record<string, string>> = {
  email: 'ann@example.com',
  phone: '+447400123456',
  kind: 'refund',
  status: 'success',
  updated_at: '2026-01-01T00:00:00Z',
  created_at: '2026-01-01T00:00:00Z',
};

/** A body that has every member of a published schema, each of the first type that is not null. */
function bodyOf(schema: unknown, name = ''): unknown {
  const {
    type,
    properties = {},
    items = {},
  } = schema as {
    readonly type?: string | readonly string[];
    readonly properties?: object;
    readonly items?: unknown;
  };
  const [first = ''] = [type].flat().filter((one) => one !== 'null');
  if (first === 'object') {
    return Object.fromEntries(Object.entries(properties).map(([key, member]) => [key, bodyOf(member, key)]));
  }
  if (first === 'array') return [bodyOf(items)];
  return { integer: 1, number: 1.5, boolean: true, string: TEXTS[name] ?? '1' }[first] ?? null;
}

const SCHEMAS = newestShopifySchemas() ?? '';
const TOPICS = readdirSync(SCHEMAS, { recursive: true, encoding: 'utf8' }).flatMap((file) =>
  file.endsWith('.json') && file.includes('/') ? [file.replace(/\.json$/, '')] : [],
);

type Sample = { readonly name: string; readonly body: unknown; readonly eventTypes: readonly string[] };

/** The distinct bodies of a mapping's examples, and for Shopify of every published schema. */
function samplesOf(source: string, file: MappingFile): readonly Sample[] {
  const examples = readExamples(join(MAPPINGS, source), source).examples.flatMap(({ name, webhook }) => {
    const identity = identifyWebhook(file.profile, webhook);
    const body = parseBody(webhook.rawBody, 'json');
    return identity.ok && body.ok ? [{ name, body: body.value, eventTypes: identity.value.eventTypes }] : [];
  });
  const published =
    source === 'shopify'
      ? TOPICS.map((topic) => ({
          name: topic,
          body: bodyOf(JSON.parse(readFileSync(join(SCHEMAS, `${topic}.json`), 'utf8'))),
          eventTypes: [topic],
        }))
      : [];
  return [...examples, ...published];
}

/** What the mapping itself asks for: a key, and what it calls required. */
const ALLOWED: readonly string[] = ['event-key-missing', 'event-key-invalid', 'parameter-missing'];

type Outcomes = { readonly failed: readonly string[]; readonly sent: number };

async function mapChanged(mapping: CompiledMapping, source: string, sample: Sample): Promise<Outcomes> {
  const { name, body, eventTypes } = sample;
  const failed: string[] = [];
  let sent = 0;
  const scope = { source, eventTypes, headers: {}, receivedAt: '2026-01-01T00:00:00.000Z' };
  for (const pointer of pointersIn(body)) {
    for (const change of Object.keys(CHANGES)) {
      const mapped = await mapWebhook(mapping, { ...scope, body: changed(body, pointer, change) });
      sent += mapped.filter(({ kind }) => kind === 'event').length;
      const failures = mapped.flatMap((one) => (one.kind === 'rejected' ? [one.failure] : []));
      const unwanted = failures.filter(({ code }) => !ALLOWED.includes(code));
      const at = `${name} /${pointer.join('/')} ${change}`;
      failed.push(
        ...unwanted.map((failure) => `${at}: ${failure.code} ${'path' in failure ? failure.path : ''}`),
      );
    }
  }
  return { failed, sent };
}

test.each(foldersOf(MAPPINGS))(
  'every member of the webhooks of %s may be null, missing or empty: no expression fails for it',
  async (source) => {
    const file = readFolder(join(MAPPINGS, source), source);
    if (!file.ok) throw new Error('is tested elsewhere');
    const mapping = compileMapping(resolveMapping(file.value, 'dev'));
    const outcomes: Outcomes[] = [];
    for (const sample of samplesOf(source, file.value))
      outcomes.push(await mapChanged(mapping, source, sample));

    expect(outcomes.flatMap(({ failed }) => failed)).toEqual([]);
    expect(outcomes.reduce((sum, { sent }) => sum + sent, 0)).toBeGreaterThan(0);
  },
  600_000,
);
