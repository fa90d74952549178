import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_PARAMETERS, MAX_PAYLOAD_BYTES } from '../../../lambdas/map/event.ts';
import {
  type CompiledMapping,
  compileMapping,
  type Mapped,
  mapWebhook,
} from '../../../lambdas/map/webhook.ts';
import { bodyFormatOf, parseBody } from '../../../lambdas/webhook-body.ts';
import type { Example } from '../../../lib/mapping/examples/example.ts';
import { foldersOf, readExamples, readFolder } from '../../../lib/mapping/folders.ts';
import { resolveMapping } from '../../../lib/mapping/schema.ts';
import { compiledMapping, webhookOf } from './compiled-mapping.ts';

const CODES = [
  'expression-failed',
  'value-not-text',
  'value-null',
  'parameter-missing',
  'event-key-missing',
  'event-key-invalid',
  'event-time-unreadable',
  'deduplication-id-unusable',
  'too-many-parameters',
  'payload-too-large',
];

/** What breaks the contract of the event API. */
function breaches(mapped: Mapped): readonly string[] {
  switch (mapped.kind) {
    case 'skipped':
      return [];
    case 'rejected':
      return CODES.includes(mapped.failure.code) ? [] : [`unknown code ${mapped.failure.code}`];
    case 'event':
      return breachesOf(mapped.payload);
  }
}

/** The contract (webex-event-api.md), written apart from the code that keeps it. */
function breachesOf(text: string): readonly string[] {
  const payload = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const values = Object.values(payload['event-params'] as object);
  const isKept = {
    members: Object.keys(payload).join() === 'event-id,event-key,event-params',
    'event-id': isText(payload['event-id']),
    'event-key': isText(payload['event-key']),
    'parameters are texts': values.every((value) => typeof value === 'string'),
    'no null variant': !values.some((value) => /^\s*null\s*$/i.test(String(value))),
    'number of parameters': values.length <= MAX_PARAMETERS,
    size: new TextEncoder().encode(text).length <= MAX_PAYLOAD_BYTES,
  };
  return Object.entries(isKept).flatMap(([rule, kept]) => (kept ? [] : [rule]));
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '' && !/^\s*null\s*$/i.test(value);
}

/** What a vendor might send one day in the place of any value. */
const STRANGE: readonly unknown[] = [
  undefined,
  null,
  '',
  ' ',
  'null',
  'NULL',
  '👩‍👩‍👧‍👦',
  'half an emoji \ud83d',
  '\u0000\u001b',
  'x'.repeat(30_000),
  'é'.repeat(12_500),
  0,
  -1,
  1e300,
  1e-300,
  '820982911946154508820982911946154508',
  true,
  [],
  {},
  ['a', 'b'],
  [[['a']]],
  { a: { b: 'c' } },
  Array.from({ length: 3_000 }, (_, index) => ({ id: index, objectId: index })),
];

type Place = { readonly members: Record<string, unknown>; readonly key: string };

/** Every member of every object in a value, and every item of every list. */
function placesIn(value: unknown): readonly Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const members = value as Record<string, unknown>;
  return Object.keys(members).flatMap((key) => [{ members, key }, ...placesIn(members[key])]);
}

/** The body of an example with one or more of its places changed. */
function variantOf(body: unknown) {
  const count = Math.max(1, placesIn(body).length);
  const change = fc.tuple(fc.nat(count - 1), fc.constantFrom(...STRANGE));
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    const variant = structuredClone(body);
    for (const [index, value] of changes) {
      const place = placesIn(variant)[index];
      // A copy: a later change may be one inside it.
      if (place !== undefined) place.members[place.key] = structuredClone(value);
    }
    return variant;
  });
}

/** Those of this repository, whichever they are, and two that are always there. */
const FOLDERS = ['../../../mappings', '../../rehearsal/adopter-mappings']
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .flatMap((mappings) => foldersOf(mappings).map((source) => ({ source, path: `${mappings}/${source}` })));

type Shipped = { readonly name: string; readonly mapping: CompiledMapping; readonly example: Example };

const SHIPPED: readonly Shipped[] = FOLDERS.flatMap(({ source, path }) => {
  const file = readFolder(path, source);
  if (!file.ok) throw new Error(`The mapping folder ${source} has problems.`);
  const mapping = compileMapping(resolveMapping(file.value, 'local'));
  return readExamples(path, source).examples.map((example) => ({
    name: example.name,
    mapping,
    example,
  }));
});

/** The webhook of an example, as of every type that the mapping knows: every event is tried on it. */
function triedOn({ mapping, example }: Pick<Shipped, 'mapping' | 'example'>) {
  const { rawBody, headers } = example.webhook;
  const parsed = parseBody(rawBody, bodyFormatOf(headers.get('content-type'), rawBody));
  return {
    body: parsed.ok ? parsed.value : undefined,
    eventTypes: mapping.events.flatMap((event) => event.mapping.on),
    headers: Object.fromEntries(headers),
  };
}

describe('whatever leaves the map is a valid payload or a named rejection:', () => {
  test.each(SHIPPED)('$name and its variants', async ({ mapping, example }) => {
    const { body, eventTypes, headers } = triedOn({ mapping, example });
    // Without "items", each event has exactly one end.
    const expected = mapping.events.flatMap((event) =>
      event.mapping.items === undefined ? event.mapping.name : [],
    );

    await fc.assert(
      fc.asyncProperty(
        fc.oneof({ weight: 9, arbitrary: variantOf(body) }, fc.jsonValue()),
        async (variant) => {
          const webhook = webhookOf(variant, '', { eventTypes, headers });
          const mapped = await mapWebhook(mapping, webhook);

          expect(mapped.flatMap(breaches)).toEqual([]);
          expect(mapped.map(({ name }) => name)).toEqual(expect.arrayContaining(expected));
        },
      ),
      { numRuns: 15 },
    );
  });

  test('most examples are events as they are', async () => {
    const mapped = await Promise.all(
      SHIPPED.map((shipped) => {
        const { body, eventTypes, headers } = triedOn(shipped);
        return mapWebhook(shipped.mapping, webhookOf(body, '', { eventTypes, headers }));
      }),
    );
    const withEvent = mapped.filter((ends) => ends.some(({ kind }) => kind === 'event'));

    expect(withEvent.length).toBeGreaterThan(SHIPPED.length / 2);
  });

  test('any JSON, by a mapping that uses all of the language', async () => {
    const mapping = compiledMapping(
      [
        {
          name: 'one',
          on: '*',
          when: '{% $not(a = 5) %}',
          'event-id': 'evt_1',
          'event-key': { kind: 'email', value: '{% a.b ?? b %}', 'lower-case': true },
          'event-params': { a: '{% a %}', b: '{% $string(b) %}', c: '{% $f(c) %}' },
          required: ['c'],
          'event-time': '{% c %}',
        },
        {
          name: 'many',
          on: '*',
          items: '{% **.b %}',
          'event-id': 'evt_2',
          'event-key': { kind: 'msisdn', value: '{% $item.a ?? $item %}', 'default-region': 'GB' },
          'event-params': { c: '{% $item.c %}', d: '{% $headers.x %}' },
          'on-null': 'reject',
        },
        {
          name: 'plain',
          on: '*',
          'event-id': 'evt_3',
          'event-key': '{% b.a %}',
          'event-params': { a: '{% c.a %}' },
        },
      ],
      { let: { f: '{% function($x){ $x & $x } %}' }, defaults: { 'event-params': { channel: 'x' } } },
    );
    const key = fc.constantFrom('a', 'b', 'c');
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(...STRANGE),
        fc.string({ unit: 'binary' }),
        fc.double(),
        fc.array(tie('json'), { maxLength: 4 }),
        fc.dictionary(key, tie('json')),
      ),
    }));

    await fc.assert(
      fc.asyncProperty(json, async (body) => {
        const mapped = await mapWebhook(mapping, webhookOf(body, 'any', { headers: { x: 'NULL' } }));

        expect(mapped.length).toBeGreaterThanOrEqual(3);
        expect(mapped.flatMap(breaches)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('time', () => {
  test('grows no faster than the number of items', async () => {
    const mapping = compiledMapping([
      {
        name: 'each',
        on: 'batch',
        items: '{% items[kind = "new"] %}',
        'event-id': 'evt_1',
        'event-key': '{% $item.id %}',
      },
    ]);
    const itemsOf = (count: number) => ({
      items: Array.from({ length: count }, (_, id) => ({ kind: 'new', id, text: 'x'.repeat(50) })),
    });
    const timeOf = async (count: number) => {
      const body = itemsOf(count);
      const times: number[] = [];
      for (let run = 0; run < 5; run += 1) {
        const before = process.cpuUsage();
        expect(await mapWebhook(mapping, webhookOf(body, 'batch'))).toHaveLength(count);
        times.push(process.cpuUsage(before).user);
      }
      return Math.min(...times);
    };
    await timeOf(500);

    // Four times is linear, sixteen times square.
    expect((await timeOf(8_000)) / (await timeOf(2_000))).toBeLessThan(8);
  });

  test.each([
    ['a loop without end', '{% ($f := function($n){ $f($n + 1) }; $f(0)) %}'],
    ['more items than anyone sends', '{% [1..5000000] %}'],
  ])('is bounded for %s: a rejection', async (_, expression) => {
    const mapping = compiledMapping([
      { name: 'x', on: 'any', 'event-id': 'evt_1', 'event-key': 'ann', 'event-params': { x: expression } },
    ]);
    const startedAt = performance.now();
    const [mapped] = await mapWebhook(mapping, webhookOf({}, 'any'));

    expect(mapped).toMatchObject({ kind: 'rejected', failure: { code: 'expression-failed' } });
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });
});
