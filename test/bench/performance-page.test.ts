import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { readResults, renderPage } from '../../bench/figures.ts';

const PAGE = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8');

describe('docs/performance.md', () => {
  test('has the table that the committed results give', () => {
    expect(renderPage(readResults())).toBe(PAGE);
  });

  test('would show another figure', () => {
    const results = readResults();
    const [first, ...rest] = results.figures;
    if (first === undefined) throw new Error('There are no results.');

    expect(renderPage({ ...results, figures: [{ ...first, value: 123_456 }, ...rest] })).toContain('123456');
  });
});
