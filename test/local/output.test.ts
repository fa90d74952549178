import { describe, expect, test } from '@jest/globals';
import { fail } from '../../lambdas/result.ts';
import { formatProblems } from '../../lib/config/file.ts';
import type { Story } from '../../local/demonstration.ts';
import { formatCall, formatLine, formatRedeployed, formatStory } from '../../local/output.ts';
import type { LogLine } from '../../local/run.ts';

const HOSTILE = 'x\u001b]0;title\u0007\u202e\u200b\n!FORGED';

const INGEST = {
  stage: 'ingest' as const,
  code: HOSTILE,
  source: HOSTILE,
  eventTypes: [HOSTILE],
  deduplicationId: HOSTILE,
} satisfies LogLine;

const DELIVER = {
  ...INGEST,
  stage: 'deliver' as const,
  outcome: HOSTILE,
  event: HOSTILE,
  receives: 1,
  answer: { status: 502, code: HOSTILE },
  transactionId: HOSTILE,
  detail: HOSTILE,
  cause: HOSTILE,
} satisfies LogLine;

const STORY: Story = {
  signed: {
    sample: { eventType: HOSTILE, path: 'samples/a.json', body: Buffer.from('{}') },
    headers: {},
    path: '/webhooks/shop',
    body: Buffer.from('{}'),
  } as unknown as Story['signed'],
  answer: { status: 400, body: HOSTILE },
  ingest: { ...INGEST, secretIndex: 0 },
  mapped: [
    {
      kind: 'event',
      name: 'paid',
      event: { name: 'paid', eventId: 'evt_1', eventKey: HOSTILE, params: { [HOSTILE]: HOSTILE } },
      payload: '{}',
      leftOut: [],
      terms: { mappingVersion: 'v', onUnconfirmed: 'park' },
    },
  ],
  deliver: [DELIVER],
  milliseconds: 3,
};

const CALL = { body: HOSTILE, answer: { status: 200, body: HOSTILE } } as unknown as Parameters<
  typeof formatCall
>[0];

const PROBLEM = { file: HOSTILE, line: 1, column: 1, path: HOSTILE, message: HOSTILE };

const OUTPUTS: readonly (readonly [string, () => string])[] = [
  ['a line of ingest', () => formatLine(INGEST)],
  ['a line of deliver', () => formatLine(DELIVER)],
  ['any other line', () => formatLine(HOSTILE)],
  ['a call', () => formatCall(CALL)],
  ['a story', () => formatStory(1, 'shop', STORY)],
  ['mappings with problems', () => formatRedeployed(fail(formatProblems([PROBLEM])))],
];

describe('the local run shows what cannot be seen as escapes, in', () => {
  test.each(OUTPUTS)('%s', (_, format) => {
    const text = format();

    expect(text).toContain('\\u202e');
    // Its own colours have no "]" behind the escape.
    for (const raw of ['\u0007', '\u001b]', '\u202e', '\u200b']) expect(text).not.toContain(raw);
    expect(text.split('\n').filter((line) => /^\W*!FORGED/.test(line))).toEqual([]);
  });
});
