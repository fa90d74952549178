import { escapeUnseen } from './terminal.ts';

/** Longer texts are cut where a person only glances at them. */
const MAX_CHARACTERS = 160;

/** Somebody's text within a sentence or a cell: nothing in it is markup. */
export function plainText(text: string): string {
  return escapeUnseen(text)
    .replaceAll('&', '&amp;')
    .replaceAll(/[\\`*_{}[\]<>#|~]/g, '\\$&');
}

/** A value, name or expression as code, fit for the cell of a table; within it nothing is markup, and nobody is mentioned. */
export function codeText(text: string): string {
  const shown = shorten(escapeUnseen(text)).replaceAll('|', '\\|');
  if (shown.trim() === '') return '(empty)';
  const fence = '`'.repeat(1 + Math.max(0, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length)));
  const space = /^[` ]|[` ]$/.test(shown) ? ' ' : '';
  return `${fence}${space}${shown}${space}${fence}`;
}

function shorten(text: string): string {
  const characters = [...text];
  return characters.length <= MAX_CHARACTERS ? text : `${characters.slice(0, MAX_CHARACTERS - 1).join('')}…`;
}

/** A table; its cells are Markdown already. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Somebody's text within HTML: nothing in it is markup. */
export function escapeHtml(text: string): string {
  return escapeUnseen(text).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
