import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { askAtTerminal, formatCount, formatDuration, readDuration } from '../../cli/command-line.ts';

function terminal({ isTTY = true } = {}) {
  return Object.assign(new PassThrough(), { isTTY });
}

describe('a question to a person', () => {
  test.each([
    ['y', true],
    ['YES', true],
    [' yes ', true],
    ['', false],
    ['n', false],
    ['yesterday', false],
  ])('is answered by %j with %j', async (typed, expected) => {
    const [input, output] = [terminal(), terminal()];
    const answer = askAtTerminal(input, output)?.('Drop 1? [y/N] ');
    input.write(`${typed}\n`);

    expect(await answer).toBe(expected);
    expect(String(output.read())).toContain('Drop 1? [y/N] ');
  });

  test('is not asked without a terminal', () => {
    expect(askAtTerminal(terminal({ isTTY: false }), terminal())).toBeUndefined();
    expect(askAtTerminal(terminal(), terminal({ isTTY: false }))).toBeUndefined();
  });
});

test('a duration is read and written in one unit', () => {
  expect(['45s', '30m', '2h', '3d'].map(readDuration)).toEqual([45, 1_800, 7_200, 259_200]);
  expect([-5, 45, 1_800, 8_000, 260_000].map(formatDuration)).toEqual([
    '0 s',
    '45 s',
    '30 min',
    '2 h',
    '3 d',
  ]);
  for (const wrong of ['', '3', 'h', '1w', '-1h'])
    expect(() => readDuration(wrong)).toThrow('expected a duration');
});

test('a count agrees with its noun', () => {
  expect([0, 1, 2].map((count) => formatCount(count, 'webhook'))).toEqual([
    '0 webhooks',
    '1 webhook',
    '2 webhooks',
  ]);
});
