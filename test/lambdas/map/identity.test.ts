import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { eventsOf, mapWebhook, shortenIdentity } from '../../../lambdas/map/webhook.ts';
import { parseBody } from '../../../lambdas/webhook-body.ts';
import { compiledMapping, webhookOf } from './compiled-mapping.ts';

const EVENT = { name: 'paid', on: 'paid', 'event-id': 'evt_1', 'event-key': '{% $item.to %}' };
const ITEMS = { ...EVENT, items: '{% items %}' };

/** The identities of a webhook's events, in their order. */
async function identities(event: object, body: unknown, itemId?: string[][]) {
  const mapping = compiledMapping([{ ...EVENT, ...event }], {}, { itemId });
  return (await eventsOf(mapping, webhookOf(body, 'paid'))).map(({ identity }) => identity);
}

describe('the events of a webhook', () => {
  test('are listed without mapping any of them, and each is mapped when it is asked for', async () => {
    let reads = 0;
    const item = {
      id: 'a',
      get to() {
        reads += 1;
        return 'ann';
      },
    };
    const pending = await eventsOf(
      compiledMapping([ITEMS], {}, { itemId: [['/id']] }),
      webhookOf({ items: [item, item] }, 'paid'),
    );
    expect(reads).toBe(0);

    expect(await pending[1]?.map()).toMatchObject({ kind: 'event', item: 1, identity: 'a' });
    expect(reads).toBeGreaterThan(0);
  });

  test('have the name, item, terms and former names that they have once mapped', async () => {
    const pending = await eventsOf(compiledMapping([ITEMS]), webhookOf({ items: [{ to: 'ann' }] }, 'paid'));

    expect(pending).toEqual([
      {
        name: 'paid',
        item: 0,
        formerly: [],
        terms: { onUnconfirmed: 'park', mappingVersion: expect.any(String) },
        map: expect.any(Function),
      },
    ]);
    expect(await pending[0]?.map()).toMatchObject({ name: 'paid', item: 0, terms: pending[0]?.terms });
  });

  test.each([
    ['no item', { items: '{% items %}' }, { kind: 'skipped', code: 'no-items' }],
    ['items that cannot be found', { items: '{% $error("no") %}' }, { kind: 'rejected' }],
  ])('with %s are one, without an item', async (_, event, mapped) => {
    const pending = await eventsOf(compiledMapping([{ ...EVENT, ...event }]), webhookOf({}, 'paid'));

    expect(pending).toHaveLength(1);
    expect(pending[0]).not.toHaveProperty('item');
    expect(await pending[0]?.map()).toMatchObject(mapped);
  });

  test('are the same list however often they are asked for', async () => {
    const mapping = compiledMapping([ITEMS, { ...EVENT, name: 'other', on: '*' }], {}, { itemId: [['/id']] });
    const webhook = webhookOf({ id: 'b', items: [{ id: 'a' }, {}] }, 'paid');
    const shown = async () => JSON.stringify(await eventsOf(mapping, webhook));

    expect(await shown()).toBe(await shown());
  });
});

describe('the identity of an item', () => {
  test.each([
    [{ id: 'a' }, 'a'],
    [{ id: 7 }, '7'],
    [{ id: 'a:b' }, 'a:b'],
    [{ id: '' }, undefined],
    [{ id: null }, undefined],
    [{ id: {} }, undefined],
    [{}, undefined],
    ['text', undefined],
    [null, undefined],
  ])('%j is %j', async (item, identity) => {
    expect(await identities(ITEMS, { id: 'of the webhook', items: [item] }, [['/id']])).toEqual([identity]);
  });

  test('is made of several members, none of which can look like two', async () => {
    const items = [
      { a: 'x', b: 'y:z' },
      { a: 'x:y', b: 'z' },
      { a: 'x%3Ay', b: 'z' },
      { a: false, b: 0 },
    ];

    expect(await identities(ITEMS, { items }, [['/a', '/b']])).toEqual([
      'x:y%3Az',
      'x%3Ay:z',
      'x%253Ay:z',
      'false:0',
    ]);
  });

  test('is by the first list of which all members are there', async () => {
    const items = [{ a: 1, b: 2, c: 3 }, { a: 1, c: 3 }, { c: 3 }, { a: 1 }];

    expect(await identities(ITEMS, { items }, [['/a', '/b'], ['/c']])).toEqual(['1:2', '3', '3', undefined]);
  });

  test('is that of the webhook where an event has no items', async () => {
    expect(await identities({}, { id: 'a' }, [['/id']])).toEqual(['a']);
    expect(await identities({}, [{ id: 'a' }], [['/id']])).toEqual([undefined]);
  });

  test('keeps every digit of a long number', async () => {
    const body = parseBody(Buffer.from('{"items":[{"id":820982911946154508}]}'), 'json');

    expect(body.ok && (await identities(ITEMS, body.value, [['/id']]))).toEqual(['820982911946154508']);
  });
});

describe('the deduplication id of a mapping', () => {
  const by = (id: string) => ({ 'deduplication-id': id });

  test.each([
    ['{% id %}', { id: 'a' }, 'a'],
    ['{% id %}', { id: 7 }, '7'],
    ["{% id & ':' & version %}", { id: 'a', version: 2 }, 'a:2'],
    ['{% id %}', {}, undefined],
    ['{% id %}', { id: null }, undefined],
    ['{% id %}', { id: 'null' }, undefined],
    ['{% id %}', { id: '' }, undefined],
    ['{% id %}', { id: '  ' }, undefined],
  ])('%s of %j is %j', async (id, body, identity) => {
    expect(await identities(by(id), body)).toEqual([identity]);
  });

  test('may be of an item', async () => {
    const items = [{ key: 'a' }, {}, { key: 'c' }];

    expect(await identities({ ...ITEMS, ...by('{% $item.key %}') }, { items })).toEqual([
      'a',
      undefined,
      'c',
    ]);
  });

  test("takes the place of the vendor's id, also where it gives none", async () => {
    const items = [{ id: 1, key: 'a' }, { id: 2 }];

    expect(await identities({ ...ITEMS, ...by('{% $item.key %}') }, { items }, [['/id']])).toEqual([
      'a',
      undefined,
    ]);
  });

  test.each([
    [{ id: {} }, 'object'],
    [{ id: ['a'] }, 'array'],
    [{ id: true }, 'boolean'],
    [{ id: false }, 'boolean'],
  ])('cannot be %j', async (body, type) => {
    const mapping = compiledMapping([{ ...EVENT, ...by('{% id %}') }]);

    expect(await identities(by('{% id %}'), body)).toEqual([undefined]);
    expect(await mapWebhook(mapping, webhookOf(body, 'paid'))).toMatchObject([
      {
        kind: 'rejected',
        failure: {
          code: 'deduplication-id-unusable',
          path: 'deduplication-id',
          expression: '{% id %}',
          type,
        },
      },
    ]);
  });

  test.each([
    ['a function', '{% $sum %}', { code: 'deduplication-id-unusable', type: 'function' }],
    ['a failure', '{% $error("no") %}', { code: 'expression-failed', path: 'deduplication-id' }],
  ])('cannot be %s', async (_, id, failure) => {
    const mapped = await mapWebhook(
      compiledMapping([{ ...ITEMS, ...by(id) }]),
      webhookOf({ items: [1] }, 'paid'),
    );

    expect(mapped).toMatchObject([{ kind: 'rejected', item: 0, failure }]);
    const pending = await eventsOf(
      compiledMapping([{ ...ITEMS, ...by(id) }]),
      webhookOf({ items: [1] }, 'paid'),
    );
    expect(pending).toMatchObject([{ name: 'paid', item: 0 }]);
    expect(pending[0]).not.toHaveProperty('identity');
  });
});

describe('an identity in the key', () => {
  test.each(['a', 'x'.repeat(256), 'gid://shopify/Order/1', ' ~'])('stays as it is: %j', (id) => {
    expect(shortenIdentity(id)).toBe(id);
  });

  test.each(['x'.repeat(257), 'é', 'a\nb', 'a\u202eb', '\u007f', '\ud800', '\ud801'])(
    'is the hash of one that is long, or not printable ASCII: %j',
    (id) => {
      const hash = createHash('sha256').update(JSON.stringify(id)).digest('hex');

      expect(shortenIdentity(id)).toBe(`sha256:${hash}`);
    },
  );

  test('differs for texts that differ only in halves of characters', () => {
    expect(shortenIdentity('\ud800')).not.toBe(shortenIdentity('\ud801'));
  });
});
