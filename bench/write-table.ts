import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Figure } from './figure.ts';
import type { Results } from './results.ts';

const PAGE = fileURLToPath(new URL('../docs/performance.md', import.meta.url));

const BEGIN = '<!-- generated from bench/results.json by npm run bench: do not edit -->';
const END = '<!-- end of what is generated -->';

/** The page with the table of these results in it; all else of it stays as it is. */
export function renderPage(results: Results, page = readFileSync(PAGE, 'utf8')): string {
  const [before = '', after = ''] = [page.split(BEGIN)[0], page.split(END)[1]];
  return `${before}${BEGIN}\n\n${renderResults(results)}\n\n${END}${after}`;
}

/** Writes the page anew. */
export function writePage(results: Results): void {
  writeFileSync(PAGE, renderPage(results));
}

function renderResults({ measuredAt, machine, versions, figures }: Results): string {
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const rows = figures.map(renderRow);
  return [
    `Measured ${measuredAt} on ${machine}; ${software.join(', ')}.`,
    '',
    '| | what | measured | 10 % to 90 % | goal | |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function renderRow({ id, what, unit, value, spread, goal }: Figure): string {
  const verdict = goal === undefined ? '' : value <= goal ? 'met' : 'missed';
  const range = spread === undefined ? '' : spread.join(' to ');
  return `| ${id} | ${what} | ${value} ${unit} | ${range} | ${goal === undefined ? '' : `≤ ${goal}`} | ${verdict} |`;
}
