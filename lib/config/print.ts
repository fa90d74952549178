/**
 * What a terminal does not show, or obeys: control characters, line separators, marks of writing direction, and all that is
 * invisible (Unicode, `Default_Ignorable_Code_Point`). A vendor's text can hold any of them.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}\u2800]/gu;

/** Colours and bold, as `styleText` writes them. */
const STYLE = new RegExp(`(${String.fromCodePoint(27)}\\[\\d+m)`, 'u');

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text on one line, with what cannot be seen as escapes that JSON reads too: `\n`, `\u001b`, `\u202e`. */
export function escapeUnseen(text: string): string {
  return text.replaceAll(UNSEEN, (character) => SHORT[character] ?? escapeUnits(character));
}

function escapeUnits(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
}

/** Lines as a text. A line break within one of them is somebody else's: it begins no line of ours. */
export function joinLines(lines: readonly string[]): string {
  return lines.map(escapeUnseen).join('\n');
}

/** A text of several lines, with all else that cannot be seen as escapes. */
export function escapeLines(text: string): string {
  return joinLines(text.split('\n'));
}

/** Prints a text and ends its line. All that commands and the local run print goes through here. */
export function print(text: string, stream: NodeJS.WritableStream = process.stdout): void {
  stream.write(`${escapeLines(text)}\n`);
}

/** Prints a text that has styles of ours in it: what comes from others must be escaped before. */
export function printStyled(text: string): void {
  const parts = text.split(STYLE).map((part, index) => (index % 2 === 1 ? part : escapeLines(part)));
  process.stdout.write(`${parts.join('')}\n`);
}
