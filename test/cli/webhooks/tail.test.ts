import { describe, expect, test } from '@jest/globals';
import { formatLogLine } from '../../../cli/webhooks/tail.ts';

const LINE = {
  _aws: { Timestamp: Date.parse('2026-11-24T12:00:01Z') },
  stage: 'deliver',
  code: 'webex-throttled',
  outcome: 'retry-later',
  source: 'stripe',
  event: 'paid',
  item: 2,
  deduplicationId: 'evt_1',
  answer: { status: 429, code: '429' },
  attempts: 2,
  retrySeconds: 30,
};

describe('a log line', () => {
  test('becomes a line, coloured by its outcome only where colours are wanted', () => {
    const plain =
      '12:00:01  deliver  retry-later  stripe paid #2  evt_1  webex-throttled  HTTP 429/429  attempt 2  again in 30 s';

    expect(formatLogLine(JSON.stringify(LINE), false)).toBe(plain);
    expect(formatLogLine(JSON.stringify(LINE), true)).toBe(`\u001b[33m${plain}\u001b[39m`);
    expect(formatLogLine(JSON.stringify({ ...LINE, outcome: 'delivered' }), true)).toContain('\u001b[32m');
    expect(formatLogLine(JSON.stringify({ ...LINE, outcome: 'dead-letter' }), true)).toContain('\u001b[31m');
  });

  test('of anything else stays as it is, and Lambda’s own are left out', () => {
    expect(formatLogLine('Runtime exited with exit status 1\n', true)).toBe(
      'Runtime exited with exit status 1',
    );
    expect(formatLogLine('REPORT RequestId: 1 Duration: 2 ms', false)).toBeUndefined();
    expect(formatLogLine('{"time":"2026","type":"platform.report","record":{}}', false)).toBeUndefined();
  });
});
