import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readParts } from '../../../../lambdas/ingest/signature/header.ts';

describe('the parts of a header', () => {
  test.each([
    ['t=1,v1=a,v1=b', { split: ',', pick: '^v1=(.+)$' }, ['a', 'b']],
    [' t=1 ,\tv1=a ', { split: ',', pick: '^t=(.*)$' }, ['1']],
    ['v1,a v1a,b', { split: ' ', pick: '^v1,(.+)$' }, ['a']],
    ['v1=', { split: ',', pick: '^v1=(.+)$' }, []],
    // The prefix reaches into the next part, which is not of the pattern.
    ['a:b', { split: ':', pick: '^a:b(.*)$' }, []],
    ['a;b', { split: ';' }, ['a', 'b']],
    [' whole ', {}, ['whole']],
    ['', {}, []],
    ['   ', { split: ' ' }, []],
  ])('of %j by %j are %j', (header, knobs, values) => {
    expect(readParts({ header: 'x', ...knobs }, header)).toEqual(values);
  });

  const pieces = fc.constantFrom('t=', 'v1=', 'v1', '=', ',', ', ', ' ', ';', 'a', '0f', '\t', 'v1=v1=');
  const headers = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));
  const picks = fc.constantFrom('^v1=(.+)$', '^t=(.*)$', '^(.+)$', '^v1,(.+)$', 'v1=([a-f0-9]+)', undefined);
  const splits = fc.constantFrom(',', ' ', ';', '=', ', ', undefined);

  test('are what splitting, trimming and an expression give', () => {
    fc.assert(
      fc.property(headers, picks, splits, (header, pick, split) => {
        const extractor = {
          header: 'x',
          ...(pick !== undefined && { pick }),
          ...(split !== undefined && { split }),
        };
        const parts = (split === undefined ? [header] : header.split(split)).map((part) => part.trim());
        const values = parts.flatMap((part) => (pick === undefined ? part : (part.match(pick)?.[1] ?? [])));

        expect(readParts(extractor, header)).toEqual(values.filter((value) => value !== ''));
      }),
      { numRuns: 2_000 },
    );
  });
});
