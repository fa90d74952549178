import { describe, expect, test } from '@jest/globals';
import { dateSample } from '../../signing/samples.ts';

const AT = new Date('2026-11-24T12:00:00.500Z');

function dated(text: string, times: readonly string[]): string {
  const sample = { path: 'x.json', eventType: 'x', headers: {}, body: Buffer.from(text), times };
  return dateSample(sample, AT).body.toString('utf8');
}

describe('a sample that is sent', () => {
  test.each([
    ['unix seconds', '{"created":1648320009}', '/created', '{"created":1795521600}'],
    ['unix milliseconds', '[{"at":1564113600000}]', '/0/at', '[{"at":1795521600500}]'],
    ['UTC', '{"at":"2019-05-15T15:20:40Z"}', '/at', '{"at":"2026-11-24T12:00:00.500Z"}'],
    ['an offset', '{"at":"2021-12-31T19:00:00-05:00"}', '/at', '{"at":"2026-11-24T12:00:00.500Z"}'],
    ['no offset', '{"at":"2017-03-21T19:12:28"}', '/at', '{"at":"2026-11-24T12:00:00.500"}'],
  ])('has happened just now, in its own form: %s', (_, text, time, expected) => {
    expect(dated(text, [time])).toBe(expected);
  });

  test('keeps every digit of its long numbers', () => {
    expect(dated('{"id":820982911946154508,"at":1648320009}', ['/at'])).toBe(
      '{"id":820982911946154508,"at":1795521600}',
    );
  });

  test('without a time stays as it is, byte for byte', () => {
    expect(dated('{ "id": 1 }\n', [])).toBe('{ "id": 1 }\n');
    expect(dated('a=1&b=2', [])).toBe('a=1&b=2');
  });
});
