import { describe, expect, test } from '@jest/globals';
import { formatMapFailure, type MapFailure } from '../../../lambdas/map/failure.ts';

const AT = { path: 'event-params.amount', expression: '{% amount %}' };

describe('a rejection says where, what kind of thing stood there, and by which expression:', () => {
  test.each<[MapFailure, string]>([
    [
      { code: 'expression-failed', ...AT, jsonataCode: 'T2001' },
      'event-params.amount: JSONata T2001, from {% amount %}',
    ],
    [{ code: 'value-not-text', ...AT, type: 'array' }, 'event-params.amount: array, from {% amount %}'],
    [
      { code: 'value-null', ...AT, type: 'text "null"' },
      'event-params.amount: text "null", from {% amount %}',
    ],
    [
      { code: 'parameter-missing', ...AT, type: 'missing' },
      'event-params.amount: missing, from {% amount %}',
    ],
    [
      { code: 'event-key-missing', path: 'event-key', expression: '{% x %}', type: 'empty text' },
      'event-key: empty text, from {% x %}',
    ],
    [
      { code: 'event-key-invalid', path: 'event-key', expression: '{% x %}', kind: 'msisdn' },
      'event-key: not a valid msisdn, from {% x %}',
    ],
    [
      { code: 'event-time-unreadable', path: 'event-time', expression: '{% x %}', type: 'text' },
      'event-time: text, from {% x %}',
    ],
    [{ code: 'too-many-parameters', count: 401, limit: 400 }, '401 parameters; the limit is 400'],
    [{ code: 'payload-too-large', bytes: 24_001, limitBytes: 24_000 }, '24001 bytes; the limit is 24000'],
  ])('%j', (failure, text) => {
    expect(formatMapFailure(failure)).toBe(text);
  });

  test('an expression of more than 200 characters is cut, as a note has little room', () => {
    const describe = (length: number) =>
      formatMapFailure({ code: 'value-null', path: 'x', expression: 'y'.repeat(length), type: 'null' });

    expect(describe(200)).toBe(`x: null, from ${'y'.repeat(200)}`);
    expect(describe(201)).toBe(`x: null, from ${'y'.repeat(199)}…`);
  });
});
