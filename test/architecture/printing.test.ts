import { describe, expect, test } from '@jest/globals';
import { readSourceFiles } from './source-files.ts';

/** The one place through which commands and the local run print; it shows what cannot be seen as escapes. */
const PRINTER = 'lib/config/terminal.ts';

/** Ends a line of its own once a secret was typed. */
const OWN_TEXT = 'cli/secrets/set.ts';

describe('in cli/, local/, answers/, lib/ and bin/', () => {
  const files = readSourceFiles('cli', 'local', 'answers', 'lib', 'bin');

  test('nothing but the printer writes to a terminal', () => {
    const writers = files.filter(({ text }) => /\bstd(out|err)\s*\.write\(|\bconsole\.\w+\(/.test(text));

    expect(writers.map(({ path }) => path).toSorted()).toEqual([OWN_TEXT, PRINTER]);
  });

  test('styles are for texts that were escaped before', () => {
    const styled = files.filter(({ text }) => /\b(printStyled|styleText)\(|= printStyled\b/.test(text));

    expect(styled.map(({ path }) => path).toSorted()).toEqual(
      ['cli/webhooks/tail.ts', PRINTER, 'local/output.ts', 'local/start.ts'].toSorted(),
    );
  });
});
