import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { askAtTerminal } from '../../cli/command-line.ts';

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
  ])('that is answered %j is answered %j', async (typed, expected) => {
    const [input, output] = [terminal(), terminal()];
    const answer = askAtTerminal(input, output)?.('Drop 1? [y/N] ');
    input.write(`${typed}\n`);

    expect(await answer).toBe(expected);
    expect(String(output.read())).toContain('Drop 1? [y/N] ');
  });

  test('is not asked where nobody sits', () => {
    expect(askAtTerminal(terminal({ isTTY: false }), terminal())).toBeUndefined();
    expect(askAtTerminal(terminal(), terminal({ isTTY: false }))).toBeUndefined();
  });
});
