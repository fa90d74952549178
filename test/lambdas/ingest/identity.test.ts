import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { identifyWebhook } from '../../../lambdas/ingest/identity.ts';
import { findProfile } from '../../../lambdas/ingest/signature/profiles/profiles.ts';
import {
  type EventTypeSelector,
  eventTypeSchema,
  type Profile,
  type Selector,
  selectorSchema,
} from '../../../lambdas/ingest/source.ts';
import { follow } from '../../../lambdas/webhook-body.ts';

function identify(
  body: string,
  eventType: EventTypeSelector[],
  {
    deduplicationId = [],
    headers = {},
    form,
    apiVersion,
  }: {
    deduplicationId?: Selector[];
    headers?: object;
    form?: Profile['form'];
    apiVersion?: Selector;
  } = {},
) {
  const webhook = { headers: new Map<string, string>(Object.entries(headers)), rawBody: Buffer.from(body) };
  const identity = identifyWebhook({ eventType, deduplicationId, form, apiVersion }, webhook);
  return identity.ok ? identity.value : identity.failure;
}

function sha256(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}

const type = { body: '/type' };

describe('the type of a webhook', () => {
  test.each([
    ['{"type":"a"}', [type], ['a']],
    ['{"type":"a","action":"b"}', [type, { body: '/action' }], ['a.b']],
    ['{"type":"a"}', [type, { body: '/action' }], ['a']],
    ['{"type":1}', [type], ['1']],
    ['[{"type":"a"},{"type":"b"},{"type":"a"}]', [{ body: '/*/type' }], ['a', 'b']],
    ['{"o":"page","e":[{"f":"a"},{"f":"b"}]}', [{ body: '/o' }, { body: '/e/*/f' }], ['page.a', 'page.b']],
    ['{"o":"page","e":[]}', [{ body: '/o' }, { body: '/e/*/f' }], ['page']],
    [
      '[{"t":"a","u":"1"},{"t":"b","u":"2"},{"t":"c"}]',
      [{ body: '/*/t' }, { body: '/*/u' }],
      ['a.1', 'b.2', 'c'],
    ],
    [
      '[{"t":"a"},{"t":"b","u":"2"},{"u":"3"},{"t":"d","u":"4"}]',
      [{ body: '/*/t' }, { body: '/*/u' }],
      ['a', 'b.2', 'd.4'],
    ],
    ['[{"t":"a"},{"t":"b","u":"2"}]', [{ body: '/*/t' }, { body: '/*/u' }], ['a', 'b.2']],
    ['[{"t":"a"},{"s":"b"}]', [{ body: ['/*/t', '/*/s'] }], ['a', 'b']],
    ['{"a":[{"t":"x"}],"b":[{"t":"y"},{"t":"z"}]}', [{ body: ['/a/*/t', '/b/*/t'] }], ['x']],
    ['{"t":["a","b"],"u":["1","2"]}', [{ body: '/t/*' }, { body: '/u/*' }], ['a.1', 'b.2']],
    [
      '{"e":[{"i":1,"c":[{"f":"a"},{},{"f":"b"}]},{"i":2},{"i":3,"c":[{"f":"c"}]}]}',
      [{ body: '/e/*/i' }, { body: '/e/*/c/*/f' }],
      ['2', '1.a', '1.b', '3.c'],
    ],
    [
      '{"e":[{"c":[{"f":"a"}]},{"i":2,"c":[{"f":"b"}]}]}',
      [{ body: '/e/*/i' }, { body: '/e/*/c/*/f' }],
      ['2.b'],
    ],
    ['{"*":{"t":"a"}}', [{ body: '/*/t' }], ['a']],
    [`{"type":"${'x'.repeat(256)}"}`, [type], ['x'.repeat(256)]],
    ['{"type":"é 😀 \u00a0"}', [type], ['é 😀 \u00a0']],
  ])('of %s by %j is %j', (body, selectors, eventTypes) => {
    expect(identify(body, selectors)).toMatchObject({ eventTypes });
  });

  test.each([
    ['{"type":""}', [type], { code: 'event-type-missing', where: "the body's /type" }],
    [
      '{"action":"b"}',
      [type, { body: '/action' }],
      { code: 'event-type-missing', where: "the body's /type" },
    ],
    ['{}', [{ header: 'x-topic' }], { code: 'event-type-missing', where: 'the header x-topic' }],
    ['{"type":"a\\nb"}', [type], { code: 'event-type-missing', where: "the body's /type" }],
    ['{"type":"a\\u007f"}', [type], { code: 'event-type-missing', where: "the body's /type" }],
    ['{"type":"\\ud800"}', [type], { code: 'event-type-missing', where: "the body's /type" }],
    [`{"type":"${'x'.repeat(257)}"}`, [type], { code: 'event-type-missing', where: "the body's /type" }],
    ['{', [type], { code: 'body-not-json' }],
    ['{', [{ header: 'x-topic' }, type], { code: 'body-not-json' }],
    ['{', [{ header: 'x-topic' }], { code: 'event-type-missing', where: 'the header x-topic' }],
  ])('of %s by %j is missing', (body, selectors, failure) => {
    expect(identify(body, selectors)).toEqual(failure);
  });

  test('cannot be of a body that is nested too deep, wherever it stands', () => {
    const body = `{"type":"a","deep":${'['.repeat(500)}${']'.repeat(500)}}`;
    const headers = { 'x-topic': 'a' };

    expect(identify(body, [type])).toEqual({ code: 'body-too-deep', limit: 500 });
    expect(identify(body, [{ header: 'x-topic' }], { headers })).toMatchObject({ code: 'body-too-deep' });
    expect(identify(body.replace('[]', ''), [type])).toMatchObject({ eventTypes: ['a'] });
  });

  test('cannot be of a form with such a field', () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const form = `type=a&payload=${'['.repeat(501)}${']'.repeat(501)}`;

    expect(identify(form, [type], { headers, form: { json: ['payload'] } })).toMatchObject({
      code: 'body-too-deep',
    });
  });

  test('keeps its digits where it is a long number', () => {
    expect(identify('{"type":12345678901234567890}', [type])).toMatchObject({
      eventTypes: ['12345678901234567890'],
    });
  });

  test.each([
    ['[]', [{ body: '/*/type' }]],
    ['{"events":[],"firstEventSequence":0}', [{ body: '/events/*/eventType' }]],
    ['{"events":null}', [{ body: '/events/*/eventType' }]],
    ['{"entry":[{"changes":[]},{"changes":[]}]}', [{ body: '/entry/*/changes/*/field' }]],
    ['{"entry":[]}', [{ body: '/entry/*/changes/*/field' }]],
    ['{"a":[]}', [{ body: ['/type', '/a/*/b'] }]],
  ])('is none where a batch is empty: %s', (body, selectors) => {
    expect(identify(body, selectors)).toMatchObject({ eventTypes: [], deduplicationId: sha256(body) });
  });

  test.each([
    ['{}', [{ body: '/events/*/eventType' }]],
    ['{"events":{}}', [{ body: '/events/*/eventType' }]],
    ['{"events":[{}]}', [{ body: '/events/*/eventType' }]],
    ['{"events":[null]}', [{ body: '/events/*/eventType' }]],
    ['{"entry":[{"changes":[]},{"changes":[{}]}]}', [{ body: '/entry/*/changes/*/field' }]],
    ['[]', [type]],
  ])('is missing where there is no list, or a list of something else: %s', (body, selectors) => {
    expect(identify(body, selectors)).toMatchObject({ code: 'event-type-missing' });
  });

  test('of a batch with gaps is that of the items that have one', () => {
    const body = '[null,{"type":"a"},{},{"type":null},5,{"type":"b"}]';

    expect(identify(body, [{ body: '/*/type' }])).toMatchObject({ eventTypes: ['a', 'b'] });
  });

  test('may be a constant, alone or joined with what is read', () => {
    const constant = { constant: 'form.sent' };

    expect(identify('{"a":1}', [constant])).toMatchObject({ eventTypes: ['form.sent'] });
    expect(identify('{"f":"f1"}', [constant, { body: '/f' }])).toMatchObject({
      eventTypes: ['form.sent.f1'],
    });
    expect(eventTypeSchema.safeParse(constant).success).toBe(true);
    expect(selectorSchema.safeParse(constant).success).toBe(false);
    for (const text of ['', ' a', 'a\nb', 'a'.repeat(257)]) {
      expect(eventTypeSchema.safeParse({ constant: text }).success).toBe(false);
    }
  });

  test('may stand in a header while the body is no JSON', () => {
    expect(identify('{', [{ header: 'x-topic' }], { headers: { 'x-topic': 'a' } })).toEqual({
      eventTypes: ['a'],
      deduplicationId: sha256('{'),
      bodyFormat: 'json',
    });
  });

  test('is read from a form where the content type names one', () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };

    expect(identify('type=a', [type], { headers })).toMatchObject({ eventTypes: ['a'], bodyFormat: 'form' });
  });
});

describe('the deduplication id of a webhook', () => {
  const body = '{"type":"a","id":"e1","n":7,"bad":"x\\ny","items":[{"id":"i1"},{"id":"i2"}]}';

  test.each([
    ['{"id":820982911946154508}', '/id', '820982911946154508'],
    ['{"id":-820982911946154508}', '/id', '-820982911946154508'],
    ['{"id":9007199254740993,"n":1}', '/id', '9007199254740993'],
    ['[{"id":1},{"id":820982911946154509}]', '/*/id', '1,820982911946154509'],
    ['{"id":1e400}', '/id', '1e400'],
    ['{"id":1.5,"n":820982911946154508}', '/id', '1.5'],
  ])('of %s keeps every digit', (text, pointer, id) => {
    const webhook = text.startsWith('{') ? `{"type":"a",${text.slice(1)}` : text;
    const types = text.startsWith('{') ? type : { body: '/0/id' };

    expect(identify(webhook, [types], { deduplicationId: [{ body: pointer }] })).toMatchObject({
      deduplicationId: id,
    });
  });

  test.each([
    [[{ body: '/id' }], 'e1'],
    [[{ body: '/id' }, { body: '/n' }], 'e1:7'],
    [[{ body: '/items/*/id' }], 'i1,i2'],
  ])('by %j is %s', (deduplicationId, id) => {
    expect(identify(body, [type], { deduplicationId })).toMatchObject({ deduplicationId: id });
  });

  test.each([[[]], [[{ body: '/none' }]], [[{ body: '/id' }, { body: '/none' }]], [[{ body: '/bad' }]]])(
    'by %j is the hash of the body',
    (deduplicationId) => {
      expect(identify(body, [type], { deduplicationId })).toMatchObject({ deduplicationId: sha256(body) });
    },
  );
});

describe('the deduplication id of a batch', () => {
  const id = [{ body: '/*/id' }, { body: '/*/code' }];

  test.each([
    ['[{"id":1,"code":"a"},{"id":2,"code":"b"}]', '1,2:a,b'],
    ['[{"id":1,"code":"a"},{"id":2}]', '1,2:a,'],
    ['[{"id":1},{"id":2,"code":"a"}]', '1,2:,a'],
  ])('of %s is %s: a member that is missing shifts no other', (body, deduplicationId) => {
    expect(identify(body, [{ body: '/0/id' }], { deduplicationId: id })).toMatchObject({ deduplicationId });
  });

  test('is the hash of the body where no item has a member', () => {
    const body = '[{"id":1},{"id":2}]';

    expect(identify(body, [{ body: '/0/id' }], { deduplicationId: id })).toMatchObject({
      deduplicationId: sha256(body),
    });
  });
});

describe('a JSON pointer', () => {
  const body = {
    a: { b: [{ c: 1 }, { c: 2 }, 3, { d: 4 }], '*': 'star', '': 'empty' },
    'm/n': 'slash',
    'o~p': 'tilde',
    '~1': 'escaped',
    list: ['x', ['y'], null],
    long: Array.from({ length: 12 }, (_, index) => index),
  };

  test.each([
    ['/a/b/0/c', [1]],
    ['/a/b/*/c', [1, 2]],
    ['/a/b/2', [3]],
    ['/a/b/4', []],
    ['/long/11', [11]],
    ['/long/12', []],
    ['/a/b/00', []],
    ['/a/b/01', []],
    ['/a/b/10', []],
    ['/a/b/1a', []],
    ['/a/b/a1', []],
    ['/a/b/-1', []],
    ['/a/b/length', []],
    ['/a/*', ['star']],
    ['/m~1n', ['slash']],
    ['/o~0p', ['tilde']],
    ['/~01', ['escaped']],
    ['/list/*', ['x', ['y'], null]],
    ['/list/2/a', []],
    ['/list/0/length', []],
    ['/none', []],
    ['/constructor', []],
    ['/a/toString', []],
  ])('%s leads to %j', (pointer, values) => {
    expect(follow(body, pointer)).toStrictEqual(values);
  });

  test.each([undefined, null, 5, 'text', true])('leads nowhere in %j', (value) => {
    expect(follow(value, '/a')).toEqual([]);
  });

  test.each(['', 'a', '/', '//', '/a/', '/~', '/~2', 'x/a', '/a~'])('may not be %j', (pointer) => {
    const parsed = selectorSchema.safeParse({ body: pointer });

    expect(parsed.error?.issues.map(({ message }) => message)).toEqual([
      'expected a JSON pointer: "/data/id" ("*" for every item of a list)',
    ]);
  });

  test.each(['/a', '/a/b', '/~0', '/~1', '/*', '/a b', '/é/0'])('may be %j', (pointer) => {
    expect(selectorSchema.safeParse({ body: pointer })).toMatchObject({ success: true });
    expect(selectorSchema.safeParse({ body: [pointer] })).toMatchObject({ success: true });
  });

  test.each([{}, { body: [] }, { header: '' }, { header: 'a b' }, { header: 'a', body: '/a' }, 5])(
    'or a header is what a selector is, and not %j',
    (selector) => {
      expect(selectorSchema.safeParse(selector).success).toBe(false);
    },
  );

  test.each([{}, 5, { header: 'a', body: '/a' }])('is what is expected where %j stands', (selector) => {
    expect(selectorSchema.safeParse(selector).error?.issues[0]?.message).toBe(
      'expected {header: NAME} or {body: "/json/pointer"}',
    );
  });
});

describe('a selector', () => {
  const headers = { 'x-topic': ' orders/create ', 'x-empty': '  ' };
  const body = JSON.stringify({
    text: 'a',
    empty: '',
    number: 0,
    yes: true,
    no: false,
    nothing: null,
    list: ['b'],
    object: {},
  });

  test.each([
    [{ header: 'x-topic' }, 'orders/create'],
    [{ body: '/text' }, 'a'],
    [{ body: '/number' }, '0'],
    [{ body: '/yes' }, 'true'],
    [{ body: '/no' }, 'false'],
    [{ body: ['/none', '/empty', '/text', '/number'] }, 'a'],
  ])('%j finds %j', (selector, value) => {
    expect(identify(body, [selector], { headers })).toMatchObject({ eventTypes: [value] });
  });

  test.each([
    [{ header: 'x-empty' }, 'the header x-empty'],
    [{ header: 'x-none' }, 'the header x-none'],
    [{ body: '/empty' }, "the body's /empty"],
    [{ body: '/nothing' }, "the body's /nothing"],
    [{ body: '/list' }, "the body's /list"],
    [{ body: '/object' }, "the body's /object"],
    [{ body: ['/none'] }, "the body's /none"],
    [{ body: ['/event/type', '/type'] }, "the body's /event/type or /type"],
  ])('%j finds nothing in %s', (selector, where) => {
    expect(identify(body, [selector], { headers })).toEqual({ code: 'event-type-missing', where });
  });
});

describe('a batch', () => {
  const bodyOf = (count: number) =>
    JSON.stringify({
      e: Array.from({ length: count }, (_, index) => ({ i: `i${index}`, c: [{ f: `f${index}` }] })),
    });

  test('of more than ten items joins what is of one item, and of no other', () => {
    const items = Array.from({ length: 12 }, (_, index) => index);

    expect(identify(bodyOf(12), [{ body: '/e/*/i' }, { body: '/e/*/c/*/f' }])).toMatchObject({
      eventTypes: items.map((index) => `i${index}.f${index}`),
    });
    expect(
      identify(bodyOf(12), [{ constant: 'x' }], { deduplicationId: [{ body: '/e/*/i' }] }),
    ).toMatchObject({ deduplicationId: items.map((index) => `i${index}`).join(',') });
  });

  test('has an id of what is the webhook’s once, and of what is its items’ in their order', () => {
    const body = '{"id":"w","type":"a","e":[{"i":"1"},{"i":"2"}]}';

    expect(identify(body, [type], { deduplicationId: [{ body: '/id' }, { body: '/e/*/i' }] })).toMatchObject({
      deduplicationId: 'w:1,2',
    });
  });

  test('without items has no type, also where a part of the type is the webhook’s and missing', () => {
    expect(identify('{"e":[]}', [{ body: '/o' }, { body: '/e/*/f' }])).toMatchObject({ eventTypes: [] });
  });
});

test('a type whose first part is a missing or empty header is missing', () => {
  const selectors = [{ header: 'x-topic' }, type];
  const missing = { code: 'event-type-missing', where: 'the header x-topic' };

  expect(identify('{"type":"a"}', selectors)).toEqual(missing);
  expect(identify('{"type":"a"}', selectors, { headers: { 'x-topic': ' ' } })).toEqual(missing);
});

test('a member whose name begins with a star is no list', () => {
  expect(identify('{"*x":"a"}', [{ body: '/*x' }])).toMatchObject({ eventTypes: ['a'] });
  expect(identify('{"*x":[]}', [{ body: '/*x' }])).toMatchObject({ code: 'event-type-missing' });
});

test('a constant that can be no type is named', () => {
  const constant = 'x'.repeat(257);

  expect(identify('{}', [{ constant }])).toEqual({
    code: 'event-type-missing',
    where: `the constant ${constant}`,
  });
});

describe('an id with more digits than a number can hold keeps them', () => {
  const id = '820982911946154508';

  test('where it may stand in one place or another', () => {
    const deduplicationId = [{ body: ['/id', '/other'] }];

    expect(identify(`{"type":"a","id":${id}}`, [type], { deduplicationId })).toMatchObject({
      deduplicationId: id,
    });
  });

  test('where it stands in a form that holds JSON', () => {
    const body = `payload=${encodeURIComponent(`{"type":"a","id":${id}}`)}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const options = { headers, form: { whole: 'payload' }, deduplicationId: [{ body: '/id' }] };

    expect(identify(body, [type], options)).toMatchObject({ eventTypes: ['a'], deduplicationId: id });
  });
});

describe('the version of the vendor’s API', () => {
  const inBody = (version: unknown) =>
    identify(JSON.stringify({ type: 'a', version }), [type], { apiVersion: { body: '/version' } });

  test.each(['2026-04', '2025-03-31.basil', 'v2.1', '1.0', '20240101'])('%s is read', (version) => {
    expect(inBody(version)).toMatchObject({ apiVersion: version });
  });

  test('is read from a header', () => {
    const headers = { 'x-version': ' 2026-04 ' };

    expect(identify('{"type":"a"}', [type], { headers, apiVersion: { header: 'x-version' } })).toMatchObject({
      apiVersion: '2026-04',
    });
  });

  test.each([
    null,
    undefined,
    '',
    'ann@example.com',
    'Ann Example',
    '+4915112345678',
    '4915112345678',
    `1.${'0'.repeat(40)}`,
    { a: 1 },
  ])('%j is none: whoever sends it, it does not reach the log', (version) => {
    expect(inBody(version)).not.toHaveProperty('apiVersion');
  });

  test('is not read where the profile does not say where it stands', () => {
    expect(identify('{"type":"a","api_version":"2026-04"}', [type])).not.toHaveProperty('apiVersion');
  });

  test.each([
    ['stripe', { body: '/api_version' }],
    ['shopify', { header: 'x-shopify-api-version' }],
  ])('is where %s has it', (name, selector) => {
    expect(findProfile(name)?.apiVersion).toEqual(selector);
  });
});
