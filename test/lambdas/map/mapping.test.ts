import { describe, expect, test } from '@jest/globals';
import { expressionSource, isExpression } from '../../../lambdas/map/expression.ts';
import { expressionSchema, mappingSchema, valueSchema } from '../../../lambdas/map/mapping.ts';

const EVENT = {
  name: 'paid',
  on: ['invoice.paid', 'invoice.sent'],
  'event-id': 'evt_1',
  'event-key': { kind: 'text', value: '{% x %}' },
  'event-params': {},
  required: [],
  'on-null': 'omit',
  'on-unconfirmed': 'park',
};
const MAPPING = { source: 'shop', let: {}, events: [EVENT, { ...EVENT, name: 'sent' }] };

function accepts(changes: object, eventChanges: object = {}): boolean {
  const events = MAPPING.events.map((event) => ({ ...event, ...eventChanges }));
  return mappingSchema.safeParse({ ...MAPPING, events, ...changes }).success;
}

function messagesOf(schema: typeof valueSchema | typeof expressionSchema, value: unknown): readonly string[] {
  return schema.safeParse(value).error?.issues.map(({ message }) => message) ?? [];
}

describe('what the synth writes for map', () => {
  test.each<[object, object]>([
    [{}, {}],
    [{ let: { x: '{% 1 %}' } }, {}],
    [{}, { items: '{% x %}', when: '{% y %}', 'event-time': '{% z %}', 'max-age': 86_400 }],
    [{}, { 'event-params': { a: 'x', b: '{% x %}' }, required: ['a', 'b'] }],
    [{}, { 'event-key': { kind: 'device', value: 'x' } }],
    [{}, { 'event-key': { kind: 'customer-id', value: 'x' } }],
    [{}, { 'event-key': { kind: 'email', value: 'x', lowerCase: true } }],
    [{}, { 'event-key': { kind: 'msisdn', value: 'x', plus: true } }],
    [{}, { 'event-key': { kind: 'msisdn', value: 'x', plus: true, defaultRegion: 'GB' } }],
    [{}, { 'on-null': 'reject', 'on-unconfirmed': 'retry' }],
  ])('is read: %j %j', (changes, eventChanges) => {
    expect(accepts(changes, eventChanges)).toBe(true);
  });

  test.each<[object, object]>([
    [{ source: '' }, {}],
    [{ extra: 1 }, {}],
    [{ events: [] }, {}],
    [{ let: { x: 'literal' } }, {}],
    [{}, { extra: 1 }],
    [{}, { name: '' }],
    [{}, { on: [] }],
    [{}, { on: [''] }],
    [{}, { 'event-id': '' }],
    [{}, { 'event-key': { kind: 'fax', value: 'x' } }],
    [{}, { 'event-key': { kind: 'text', value: 'x', extra: 1 } }],
    [{}, { 'event-key': { kind: 'email', value: 'x' } }],
    [{}, { 'event-key': { kind: 'email', value: 'x', lowerCase: true, extra: 1 } }],
    [{}, { 'event-key': { kind: 'msisdn', value: 'x', plus: true, extra: 1 } }],
    [{}, { 'event-key': { kind: 'msisdn', value: 'x', plus: true, defaultRegion: 'GBR' } }],
    [{}, { when: 'literal' }],
    [{}, { 'max-age': 0 }],
    [{}, { 'on-null': 'skip' }],
    [{}, { 'on-unconfirmed': 'perhaps' }],
  ])('is refused where it is something else: %j %j', (changes, eventChanges) => {
    expect(accepts(changes, eventChanges)).toBe(false);
  });
});

describe('an expression', () => {
  test.each(['{% a %}', '{%a%}', '{%%}', '{% a\n%}'])('is %j', (text) => {
    expect(isExpression(text)).toBe(true);
  });

  test.each(['a', '{% a', 'a %}', '{% a %} b', 'b {% a %}', '{%}', '{% a %}{% b %}', ''])(
    'is not %j',
    (text) => {
      expect(isExpression(text)).toBe(false);
    },
  );

  test('has JSONata between its delimiters', () => {
    expect(expressionSource('{%  a & " "  %}')).toBe('a & " "');
  });

  test('is asked for where there is none', () => {
    expect(messagesOf(expressionSchema, 'a')).toEqual(['expected an expression: "{% … %}"']);
    expect(messagesOf(expressionSchema, '{% a %}')).toEqual([]);
  });
});

describe('a value', () => {
  test.each(['', 'literal', '{% a %}', '100 %', '{a}'])('may be %j', (text) => {
    expect(messagesOf(valueSchema, text)).toEqual([]);
  });

  test.each(['a {% b %}', '{% b %} c', '{% a', 'b %}', '{% a %}{% b %}'])('may not be %j', (text) => {
    expect(messagesOf(valueSchema, text)).toEqual([
      'expected the whole value to be one expression, "{% … %}": text around it does not work',
    ]);
  });

  test.each([5, true, null, ['a']])('may not be %j: it is to be quoted', (value) => {
    expect(messagesOf(valueSchema, value)).toEqual([
      'expected text: quote a literal ("5"), or write an expression: "{% … %}"',
    ]);
  });

  test('that is missing is reported in the words of the schema', () => {
    expect(messagesOf(valueSchema, undefined)[0]).toContain('Invalid input');
  });
});
