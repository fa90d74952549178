import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { identifyWebhook } from '../../../lambdas/ingest/identity.ts';
import type { Selector } from '../../../lambdas/ingest/source.ts';

function identify(
  body: string,
  eventType: Selector[],
  { deduplicationId = [], headers = {} }: { deduplicationId?: Selector[]; headers?: object } = {},
) {
  const webhook = { headers: new Map<string, string>(Object.entries(headers)), rawBody: Buffer.from(body) };
  const identity = identifyWebhook({ eventType, deduplicationId }, webhook);
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

    expect(identify(form, [type], { headers })).toMatchObject({ code: 'body-too-deep' });
  });

  test('keeps its digits where it is a long number', () => {
    expect(identify('{"type":12345678901234567890}', [type])).toMatchObject({
      eventTypes: ['12345678901234567890'],
    });
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
