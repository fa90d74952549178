import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_PARAMETERS, MAX_PAYLOAD_BYTES, writePayload } from '../../../lambdas/map/event.ts';
import { type Mapping, mappingSchema } from '../../../lambdas/map/mapping.ts';
import {
  compileMapping,
  type MappableWebhook,
  mapWebhook,
  prepareMappings,
} from '../../../lambdas/map/webhook.ts';
import { compiledMapping, webhookOf } from './compiled-mapping.ts';

const EVENT = { name: 'paid', on: 'invoice.paid', 'event-id': 'evt_1', 'event-key': '{% customer.email %}' };

function map(
  event: object,
  body: unknown,
  eventType = 'invoice.paid',
  changes: Partial<MappableWebhook> = {},
) {
  return mapWebhook(compiledMapping([{ ...EVENT, ...event }]), webhookOf(body, eventType, changes));
}

const ANN = { customer: { email: 'ann@example.com', name: null }, amount: 1250, paid: true };

describe('a webhook', () => {
  test('becomes an event with literals, paths and expressions written as text', async () => {
    const params = {
      channel: 'stripe',
      amount: "{% $formatNumber(amount / 100, '0.00') %}",
      paid: '{% paid %}',
      first: '{% customer.name %}',
      last: '{% customer.surname %}',
    };

    expect(await map({ 'event-params': params }, ANN)).toMatchObject([
      {
        kind: 'event',
        name: 'paid',
        payload: expect.stringContaining('"event-id":"evt_1"'),
        leftOut: [
          { parameter: 'first', type: 'null' },
          { parameter: 'last', type: 'missing' },
        ],
        event: {
          name: 'paid',
          eventId: 'evt_1',
          eventKey: 'ann@example.com',
          params: { channel: 'stripe', amount: '12.50', paid: 'true' },
        },
      },
    ]);
  });

  test('of a type that is not mapped becomes no event', async () => {
    expect(await map({}, ANN, 'invoice.created')).toEqual([]);
  });

  test.each([
    ['{% amount > 1000 %}', 'event'],
    ['{% amount > 2000 %}', 'skipped'],
    ['{% missing > 2000 %}', 'skipped'],
    ['{% amount %}', 'skipped'],
  ])('for which "when" is %s is %s', async (when, kind) => {
    expect(await map({ when }, ANN)).toMatchObject([{ kind }]);
  });
});

describe('what cannot become an event is rejected with where and why', () => {
  test.each([
    [{ 'event-key': '{% customer.phone %}' }, { code: 'event-key-missing', path: 'event-key' }],
    [{ 'event-key': '{% "  " %}' }, { code: 'event-key-missing', path: 'event-key' }],
    [{ 'event-key': '{% customer %}' }, { code: 'value-not-text', path: 'event-key', type: 'object' }],
    [
      { 'event-params': { all: '{% $keys($) %}' } },
      { code: 'value-not-text', path: 'event-params.all', type: 'array' },
    ],
    [
      { 'event-params': { sum: '{% customer.email / 2 %}' } },
      { code: 'expression-failed', path: 'event-params.sum', jsonataCode: 'T2001' },
    ],
    [{ when: '{% $error("no") %}' }, { code: 'expression-failed', path: 'when', jsonataCode: 'D3137' }],
    [
      { 'event-params': { x: '{% ($f := function($n) { $f($n + 1) + 1 }; $f(0)) %}' } },
      { code: 'expression-failed', path: 'event-params.x', jsonataCode: expect.stringMatching(/^[DU]/) },
    ],
  ])('%j', async (event, failure) => {
    expect(await map(event, ANN)).toMatchObject([{ kind: 'rejected', name: 'paid', failure }]);
  });

  test('without a value of the payload in it', async () => {
    const rejected = await map({ 'event-params': { sum: '{% customer.email / 2 %}' } }, ANN);

    expect(JSON.stringify(rejected)).not.toContain('ann@example.com');
  });
});

test('any webhook becomes a payload of texts, or a rejection, never an exception', async () => {
  const params = { a: '{% a %}', b: '{% b.c %}', n: '{% $number(a) %}' };

  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (a, email) => {
      const [mapped] = await map({ 'event-params': params }, { a, b: { c: a }, customer: { email } });
      if (mapped?.kind !== 'event') return expect(mapped?.kind).toBe('rejected');

      const values = [mapped.event.eventKey, ...Object.values(mapped.event.params)];
      expect(values.filter((value) => typeof value !== 'string' || /^\s*null\s*$/i.test(value))).toEqual([]);
    }),
  );
});

describe('the payload', () => {
  const event = { name: 'paid', eventId: 'evt_1', eventKey: 'ann@example.com', params: { first: 'Zoë' } };
  const withParameters = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, 'x']));

  test('has the three members of the contract', () => {
    expect(writePayload(event)).toEqual({
      ok: true,
      value: '{"event-id":"evt_1","event-key":"ann@example.com","event-params":{"first":"Zoë"}}',
    });
  });

  test('has an empty object where there are no parameters', () => {
    expect(writePayload({ ...event, params: {} })).toMatchObject({
      value: expect.stringContaining('"event-params":{}'),
    });
  });

  test('is refused from 401 parameters on', () => {
    expect(writePayload({ ...event, params: withParameters(MAX_PARAMETERS) }).ok).toBe(true);
    expect(writePayload({ ...event, params: withParameters(MAX_PARAMETERS + 1) })).toEqual({
      ok: false,
      failure: { code: 'too-many-parameters', count: 401, limit: 400 },
    });
  });

  test('is refused over 24,000 bytes of UTF-8, not characters', () => {
    const empty = writePayload({ ...event, params: { text: '' } });
    const room = MAX_PAYLOAD_BYTES - (empty.ok ? Buffer.byteLength(empty.value) : 0);

    expect(writePayload({ ...event, params: { text: 'x'.repeat(room) } }).ok).toBe(true);
    expect(writePayload({ ...event, params: { text: 'é'.repeat(room) } })).toMatchObject({
      failure: { code: 'payload-too-large', bytes: MAX_PAYLOAD_BYTES + room },
    });
  });
});

describe('a batch', () => {
  const items = { items: '{% $[kind = "new"] %}', 'event-key': '{% $item.id %}' };

  test('becomes an event per item, each with its own place', async () => {
    const mapped = await map(items, [
      { kind: 'new', id: 1 },
      { kind: 'old', id: 2 },
      { kind: 'new', id: 3 },
    ]);

    expect(mapped).toMatchObject([
      { item: 0, kind: 'event', event: { eventKey: '1' } },
      { item: 1, kind: 'event', event: { eventKey: '3' } },
    ]);
  });

  test('of a single item is one event', async () => {
    expect(await map(items, [{ kind: 'new', id: 1 }])).toMatchObject([{ item: 0, kind: 'event' }]);
  });

  test('without a matching item says so', async () => {
    expect(await map(items, [{ kind: 'old', id: 1 }])).toMatchObject([
      { name: 'paid', kind: 'skipped', code: 'no-items' },
    ]);
  });

  test.each(['null', 'missing'])('of nothing (%s) has no item', async (nothing) => {
    expect(await map({ ...items, items: `{% ${nothing} %}` }, {})).toMatchObject([
      { kind: 'skipped', code: 'no-items' },
    ]);
  });

  test('whose items cannot be found is rejected', async () => {
    expect(await map({ ...items, items: '{% $error("no") %}' }, [])).toMatchObject([
      { kind: 'rejected', failure: { path: 'items' } },
    ]);
  });
});

const COMPLETE_EVENT = {
  name: 'paid',
  on: ['order.paid'],
  'event-id': 'evt_paid',
  'event-key': { kind: 'customer-id', value: '{% customer %}' },
  'event-params': {},
  required: [],
  'on-null': 'omit',
  'on-unconfirmed': 'park',
};

/** Mappings that note each time they are compiled: a compiler has to look at their events. */
function noting(sources: readonly string[]) {
  const compiled: string[] = [];
  const mappings = sources.map((source): Mapping => {
    const events = [{ ...COMPLETE_EVENT, 'event-id': `evt_${source}` }];
    const mapping = mappingSchema.parse({ source, let: {}, events });
    return {
      ...mapping,
      get events() {
        compiled.push(source);
        return mapping.events;
      },
    };
  });
  return { compiled, mappings };
}

describe('prepared mappings', () => {
  test('are made ready at once as far as they are to be, and the others when they are asked for', () => {
    const { compiled, mappings } = noting(['a', 'b', 'c', 'd']);
    const prepared = prepareMappings(mappings, 2);
    expect(compiled).toEqual(['a', 'b']);

    prepared.get('d');
    expect(compiled).toEqual(['a', 'b', 'd']);
  });

  test.each(['a', 'b'])('are each made once: %s', (source) => {
    const { compiled, mappings } = noting(['a', 'b']);
    const prepared = prepareMappings(mappings, 1);

    expect(prepared.get(source)).toBe(prepared.get(source));
    expect(compiled.filter((one) => one === source)).toHaveLength(1);
  });

  test.each(['a', 'b'])('are those of their source: %s', (source) => {
    const { mappings } = noting(['a', 'b']);
    const found = prepareMappings(mappings, 1).get(source);

    expect(found?.events.map(({ mapping }) => mapping['event-id'])).toEqual([`evt_${source}`]);
  });

  test.each(['c', 'constructor', '__proto__', ''])(
    'are none for a source that has no mapping: %j',
    (source) => {
      expect(prepareMappings(noting(['a', 'b']).mappings, 1).get(source)).toBeUndefined();
    },
  );

  test('are found by a former name of their source, too, and made once', () => {
    const [mapping] = noting(['store']).mappings.map((one) => ({ ...one, formerly: ['shop'] }));
    const prepared = prepareMappings(mapping ? [mapping] : [], 0);

    expect(prepared.get('shop')).toMatchObject({ source: 'store', formerly: ['shop'] });
    expect(prepared.get('shop')).toBe(prepared.get('store'));
  });
});

describe('a mapping that is ready for use', () => {
  const written: Mapping = mappingSchema.parse({
    source: 'shop',
    let: {},
    events: [
      {
        name: 'paid',
        on: ['invoice.paid'],
        'event-id': 'evt_1',
        'event-key': { kind: 'text', value: '{% x %}' },
        'event-params': {},
        required: [],
        'on-null': 'omit',
        'on-unconfirmed': 'park',
      },
    ],
  });
  const form = { json: ['payload'] };

  test('has the options of its source only where it has some', () => {
    const redelivery = { member: 'attempt', first: 0 } as const;
    const plain = compileMapping(written);

    expect(Object.keys(plain).sort()).toEqual(['digest', 'events', 'formerly', 'source']);
    expect(plain.formerly).toEqual([]);
    expect(compileMapping({ ...written, form, redelivery })).toMatchObject({ form, redelivery });
  });

  test('has another digest where the list of events may be another, and only there', () => {
    const digestOf = (changes: Partial<Mapping>) => compileMapping({ ...written, ...changes }).digest;
    const digests = [
      {},
      { form },
      { form: { whole: 'payload' } },
      { itemId: [['/id']] },
      { let: { y: '{% 1 %}' } },
      { events: written.events.map((event) => ({ ...event, 'event-id': 'evt_2' })) },
    ].map(digestOf);

    expect(new Set(digests).size).toBe(digests.length);
    expect(digestOf({ redelivery: { member: 'attempt', first: 0 } })).toBe(digests[0]);
    // What 0.1.0 kept of progress stays of use.
    expect(digests[0]).toBe(digestOf({ itemId: [] as never }));
  });

  test('is found by each name of its source, and compiled once', () => {
    const prepared = prepareMappings(
      [
        { ...written, formerly: ['store'] },
        { ...written, source: 'other' },
      ],
      1,
    );

    expect(prepared.get('store')).toBe(prepared.get('shop'));
    expect(prepared.get('other')).toBe(prepared.get('other'));
    expect(prepared.get('none')).toBeUndefined();
  });
});
