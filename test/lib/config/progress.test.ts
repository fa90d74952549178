import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { startProgress } from '../../../lib/config/progress.ts';

/** What is written while work of this size is done one by one. */
function written(total: number | undefined, isTTY: boolean, done = total ?? 3_000): string {
  const stream = Object.assign(new PassThrough(), {
    isTTY,
    columns: 80,
    cursorTo: () => {},
    clearLine: () => {},
  });
  const { update, end } = startProgress('Reading', total, stream);
  for (let count = 1; count <= done; count += 1) update(count);
  end();
  return String(stream.read() ?? '');
}

describe('progress', () => {
  test('is told in few lines where nothing redraws itself', () => {
    expect(written(2_000, false).split('\n')).toEqual([
      ...[400, 800, 1_200, 1_600].map((count) => `Reading: ${count} of 2000 …`),
      '',
    ]);
    expect(written(undefined, false)).toBe(
      [500, 1_000, 2_000].map((count) => `Reading: ${count} …\n`).join(''),
    );
  });

  test('is one bar on a terminal, that ends no line', () => {
    const text = written(2_000, true);
    expect(text).toContain('Reading ');
    expect(text).toContain('░');
    expect(text).not.toContain('\n');
    expect(written(undefined, true)).not.toContain('NaN');
  });

  test('is not told of what is done at once', () => {
    expect([written(19, false), written(0, true)]).toEqual(['', '']);
  });
});
