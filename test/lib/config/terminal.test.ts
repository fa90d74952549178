import { Writable } from 'node:stream';
import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import {
  docsPage,
  docsUrl,
  escapeLines,
  escapeUnseen,
  joinLines,
  print,
  printStyled,
  readManifest,
} from '../../../lib/config/terminal.ts';

const RED = '\u001b[31m';

describe('a text with what cannot be seen', () => {
  test.each([
    [
      'plain, with ümlauts, 漢字, emoji 🙂 and "quotes" \\',
      'plain, with ümlauts, 漢字, emoji 🙂 and "quotes" \\',
    ],
    [`${RED}red`, '\\u001b[31mred'],
    ['one\ntwo\r\tthree\u0000', 'one\\ntwo\\r\\tthree\\u0000'],
    ['\u0085\u009b31m\u007f', '\\u0085\\u009b31m\\u007f'],
    ['abc\u202edef\u2066', 'abc\\u202edef\\u2066'],
    ['a\u200bb\u200d\ufeff\u00ad\u2060', 'a\\u200bb\\u200d\\ufeff\\u00ad\\u2060'],
    ['\u2028\u2029', '\\u2028\\u2029'],
    ['\u3164\u115f\u034f\u180e\ufe0f\u2800', '\\u3164\\u115f\\u034f\\u180e\\ufe0f\\u2800'],
    ['\u{e0041}', '\\udb40\\udc41'],
    ['\ud800', '\\ud800'],
  ])('%j is shown as %j', (text, shown) => {
    expect(escapeUnseen(text)).toBe(shown);
  });

  test('is one line whatever it holds, and as JSON it is the same text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeUnseen(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{DI}]/u);
        expect(JSON.parse(escapeLines(JSON.stringify([text], null, 2)))).toEqual([text]);
      }),
    );
  });

  test('begins no line among lines, and lines of ours stay lines', () => {
    expect(joinLines(['one\nforged', 'two'])).toBe('one\\nforged\ntwo');
    expect(escapeLines('one\ntwo\u202e')).toBe('one\ntwo\\u202e');
  });
});

describe('what is printed', () => {
  test('has no colour of anybody else’s', () => {
    const chunks: string[] = [];
    const stream = new Writable({
      write: (chunk, _, done) => {
        chunks.push(String(chunk));
        done();
      },
    });
    print(`${RED}one\ntwo`, stream);

    expect(chunks.join('')).toBe('\\u001b[31mone\ntwo\n');
  });

  test('keeps colours where they are ours, and nothing else of a terminal’s', () => {
    const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    printStyled(`${RED}one\u001b[39m\u001b[2J\u001b]0;title\u0007\ntwo`);
    const [[text]] = write.mock.calls as [[string]];
    write.mockRestore();

    expect(text).toBe(`${RED}one\u001b[39m\\u001b[2J\\u001b]0;title\\u0007\ntwo\n`);
  });
});

describe('a page of the docs', () => {
  const { repository: _, ...undecided } = readManifest();
  const decided = {
    ...undecided,
    version: '1.2.3',
    repository: { url: 'git+https://github.com/OWNER/NAME.git' },
  };

  test('has the URL of its version, once package.json names the repository', () => {
    const url = 'https://github.com/OWNER/NAME/blob/v1.2.3/docs/runbook.md#paused';

    expect(docsPage('runbook.md#paused', decided)).toBe(url);
    expect(docsUrl('runbook.md#paused', decided)).toBe(url);
  });

  test('is the file of this version until then', () => {
    expect(docsPage('runbook.md#paused', undecided)).toBe('docs/runbook.md#paused');
    expect(docsUrl('runbook.md#paused', undecided)).toMatch(/^file:\/\/.*\/docs\/runbook\.md#paused$/);
  });
});
