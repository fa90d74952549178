import { describe, expect, test } from '@jest/globals';
import { type MappableWebhook, mapWebhook } from '../../../lambdas/map/webhook.ts';
import { compiledMapping, webhookOf } from './compiled-mapping.ts';

const EVENT = { name: 'paid', on: 'paid', 'event-id': 'evt_1', 'event-key': '{% key %}' };

async function map(
  event: object,
  body: object,
  { beside = {}, ...changes }: Partial<MappableWebhook> & { readonly beside?: object } = {},
) {
  const mapping = compiledMapping([{ ...EVENT, ...event }], beside);
  const [mapped] = await mapWebhook(mapping, webhookOf({ key: 'ann', ...body }, 'paid', changes));
  return mapped;
}

const rejected = (failure: object) => ({ kind: 'rejected', failure: expect.objectContaining(failure) });

describe('an event key', () => {
  test.each([
    [{ key: undefined }, 'missing'],
    [{ key: null }, 'null'],
    [{ key: 'NULL' }, 'text "null"'],
    [{ key: '  ' }, 'empty text'],
  ])('of %j is missing: %s', async (body, type) => {
    expect(await map({}, body)).toMatchObject(
      rejected({ code: 'event-key-missing', path: 'event-key', expression: '{% key %}', type }),
    );
  });

  test('whose expression fails rejects the event', async () => {
    expect(await map({ 'event-key': '{% key / 2 %}' }, {})).toMatchObject(
      rejected({ code: 'expression-failed', path: 'event-key', expression: '{% key / 2 %}' }),
    );
  });

  test('has no white space around it', async () => {
    expect(await map({}, { key: ' ann \n' })).toMatchObject({ event: { eventKey: 'ann' } });
  });

  test('is rejected with its kind, and never with its value', async () => {
    const mapped = await map({ 'event-key': { kind: 'email', value: '{% key %}' } }, {});

    expect(mapped).toMatchObject(rejected({ code: 'event-key-invalid', path: 'event-key', kind: 'email' }));
    expect(JSON.stringify(mapped)).not.toContain('ann');
  });
});

describe('a parameter', () => {
  const params = { 'event-params': { a: '{% a %}', b: 'x' } };

  test.each([
    [{}, 'missing'],
    [{ a: null }, 'null'],
    [{ a: 'null' }, 'text "null"'],
  ])('that is %j is left out, and reported as such', async (body, type) => {
    expect(await map(params, body)).toMatchObject({
      event: { params: { b: 'x' } },
      leftOut: [{ parameter: 'a', type }],
    });
  });

  test.each([
    [{}, 'missing'],
    [{ a: null }, 'null'],
    [{ a: ' ' }, 'empty text'],
  ])('that is required and %j rejects the event', async (body, type) => {
    expect(await map({ ...params, required: ['a'] }, body)).toMatchObject(
      rejected({ code: 'parameter-missing', path: 'event-params.a', expression: '{% a %}', type }),
    );
  });

  test('that is required and there does not', async () => {
    expect(await map({ ...params, required: ['a', 'b'] }, { a: 0 })).toMatchObject({
      event: { params: { a: '0', b: 'x' } },
    });
  });

  test('that is null rejects the event where the mapping says so, and one that is missing does not', async () => {
    const event = { ...params, 'on-null': 'reject' };

    expect(await map(event, { a: 'Null' })).toMatchObject(
      rejected({ code: 'value-null', path: 'event-params.a', type: 'text "null"' }),
    );
    expect(await map(event, {})).toMatchObject({ kind: 'event' });
    expect(await map(event, { a: '' })).toMatchObject({ event: { params: { a: '' } } });
  });
});

test('an event that is over a limit of the event API is rejected', async () => {
  const event = { 'event-params': { a: '{% a %}' } };

  expect(await map(event, { a: 'x'.repeat(24_000) })).toMatchObject(rejected({ code: 'payload-too-large' }));
  expect(await map(event, { a: 'x'.repeat(20_000) })).toMatchObject({ kind: 'event' });
});

describe('an event time', () => {
  const event = { 'event-time': '{% at %}' };

  test('is read', async () => {
    expect(await map(event, { at: 1_764_547_200 })).toMatchObject({
      occurredAt: new Date('2025-12-01T00:00:00Z'),
    });
  });

  test.each([{}, { at: null }, { at: '' }, { at: ' ' }])(
    'that is %j is nobody’s fault: the receive time counts',
    async (body) => {
      const mapped = await map(event, body);

      expect(mapped?.kind).toBe('event');
      expect(mapped).not.toHaveProperty('occurredAt');
    },
  );

  test.each([
    [{ at: 'soon' }, 'text'],
    [{ at: [1, 2] }, 'array'],
    [{ at: true }, 'text'],
    [{ at: 'null' }, 'text "null"'],
  ])('that is %j rejects the event', async (body, type) => {
    expect(await map(event, body)).toMatchObject(
      rejected({ code: 'event-time-unreadable', path: 'event-time', expression: '{% at %}', type }),
    );
  });

  test('whose expression fails rejects the event', async () => {
    expect(await map({ 'event-time': '{% key / 2 %}' }, {})).toMatchObject(
      rejected({ code: 'expression-failed', path: 'event-time' }),
    );
  });
});

describe('the terms of delivery', () => {
  test('are to park without a limit of age, unless the mapping says otherwise', async () => {
    expect((await map({}, {}))?.terms).toEqual({
      onUnconfirmed: 'park',
      mappingVersion: expect.stringMatching(/^[0-9a-f]{12}$/),
    });
    expect((await map({ 'on-unconfirmed': 'retry', 'max-age': '2h' }, {}))?.terms).toMatchObject({
      onUnconfirmed: 'retry',
      maxAgeSeconds: 7_200,
    });
  });

  test('name a version that changes with the event’s mapping and with what it uses, and else stays', async () => {
    const versionOf = async (event: object, beside: object = {}) =>
      (await map(event, {}, { beside }))?.terms.mappingVersion;
    const version = await versionOf({});

    expect(await versionOf({})).toBe(version);
    expect(await versionOf({ 'event-params': { a: 'b' } })).not.toBe(version);
    expect(await versionOf({}, { let: { x: '{% 1 %}' } })).not.toBe(version);
  });
});

describe('an expression', () => {
  const value = (expression: string) => ({ 'event-params': { value: expression } });

  test.each([
    ['{% $headers.`x-shop` %}', 'one'],
    ["{% $headers.`x-shop` & '!' %}", 'one!'],
    ['{% $source %}', 'shop'],
    ['{% $receivedAt %}', '2026-11-24T12:00:00.000Z'],
    ['{% list.a %}', undefined],
    ['{% list[1].a %}', '2'],
    ['{% deep.a %}', '7'],
  ])('%s sees %j', async (expression, text) => {
    const body = { list: [{ a: 1 }, { a: 2 }], deep: [{ a: 7 }] };
    const mapped = await map(value(expression), body, { source: 'shop', headers: { 'x-shop': 'one' } });

    expect(mapped?.kind === 'event' ? mapped.event.params.value : undefined).toBe(text);
  });

  test('uses the definitions of its file, and theirs', async () => {
    const beside = {
      let: {
        half: '{% function($x){ $x / 2 } %}',
        quarter: '{% function($x){ $half($half($x)) } %}',
        idle: '{% 1 %}',
      },
    };

    expect(await map(value('{% $quarter(n) %}'), { n: 12 }, { beside })).toMatchObject({
      event: { params: { value: '3' } },
    });
  });

  test('that is a definition and a path is evaluated with it', async () => {
    const beside = { let: { first: '{% list[0] %}' } };

    expect(await map(value('{% $first.a %}'), { list: [{ a: 5 }] }, { beside })).toMatchObject({
      event: { params: { value: '5' } },
    });
  });

  test('is distinguished from another failure by JSONata’s code', async () => {
    expect(await map(value("{% $error('x') %}"), {})).toMatchObject(rejected({ jsonataCode: 'D3137' }));
  });

  test('with a syntax error is a bug that is thrown, as no synth lets it through', async () => {
    await expect(map(value('{% a[ %}'), {})).rejects.toBeDefined();
  });
});

describe('several events', () => {
  test('of one type come in the order of the mapping, each by its own condition', async () => {
    const mapping = compiledMapping([
      { ...EVENT, name: 'one' },
      { ...EVENT, name: 'two', on: ['other', 'pa*'], when: '{% false %}' },
      { ...EVENT, name: 'three', on: 'other' },
    ]);
    const mapped = await mapWebhook(mapping, webhookOf({ key: 'ann' }, 'paid'));

    expect(mapped.map(({ name, kind }) => [name, kind])).toEqual([
      ['one', 'event'],
      ['two', 'skipped'],
    ]);
  });

  test('of the types of a batch are found for each of its types', async () => {
    const mapping = compiledMapping([{ ...EVENT, name: 'one', on: 'b' }]);

    expect(await mapWebhook(mapping, webhookOf({ key: 'x' }, '', { eventTypes: ['a', 'b'] }))).toHaveLength(
      1,
    );
  });
});
