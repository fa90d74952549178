import fc from 'fast-check';

/** The few names that expressions and bodies share, so that paths are likely to lead somewhere. */
export const NAMES = ['a', 'b', 'c', 'items', 'odd name', 'constructor', '__proto__'];

/** Texts, among them those that functions of numbers, times and pictures read. */
export const strings = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'abc',
    'Ann Example',
    'null',
    '12',
    '-3.50',
    '1e3',
    '0x1F',
    '007',
    ' 5 ',
    '.5',
    'é😀x',
  ),
  fc.constantFrom(
    '2026-11-24T12:00:00Z',
    '2026-11-24',
    '2026-13-24',
    '2026',
    '2026-11-24T12:00:00.123+01:00',
  ),
  fc.constantFrom(
    '0',
    '0.00',
    '#,##0.00',
    '#,##0',
    '0.##',
    '00.0#',
    '#',
    '0.0.0',
    'EUR 0.00',
    '0%',
    '[0]',
    '#0;(0)',
  ),
  fc.constantFrom(
    '[D1] [MNn] [Y0001]',
    '[Y]-[M01]-[D01]',
    '[FNn,*-3] [h]:[m] [P]',
    '[D1o]',
    '[Y01]',
    '[[x]]',
    '[x',
  ),
  fc.constantFrom(
    '[H01]:[m01]:[s01].[f001][Z]',
    '[MN] [Mn] [PN]',
    '[M]',
    '[Y,2-2]',
    '[W01]',
    '[MNn,3-3] [Z01:01t]',
  ),
  fc.string({ unit: 'grapheme', maxLength: 5 }),
);
/** Numbers, among them those that are times, and those that are hard to round. */
export const numbers = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 2, 5, 10, 0.5, 1.5, 2.5, -0.5, 0.1, 1.005, 99.995, 1e-7, 1e21, 1e300, -1e-9),
  fc.constantFrom(
    1_795_969_984,
    1_795_969_984_123,
    8.64e15,
    -1,
    253_402_300_800_000,
    -62_135_596_800_000,
    3.5e13,
  ),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** What stands for a webhook's body, or an item of it: JSON of all kinds, deep and with lists. */
export const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    { weight: 2, arbitrary: strings },
    { weight: 3, arbitrary: numbers },
    fc.constantFrom<unknown>(true, false, null),
    { weight: 4, arbitrary: fc.dictionary(fc.constantFrom(...NAMES), tie('json'), { maxKeys: 5 }) },
    fc.array(tie('json'), { maxLength: 3 }),
  ),
}));

/** Mostly an object in which most of the names lead somewhere. */
export const webhookBody = fc.oneof(
  { weight: 4, arbitrary: fc.record({ a: json, b: json, c: json, items: fc.array(json, { maxLength: 3 }) }) },
  json,
);

/** JSON in which the few names of the paths are likely to lead somewhere, through objects and lists. */
export const { namedJson } = fc.letrec((tie) => ({
  namedJson: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    fc.constantFrom<unknown>('x', '', 0, 1.5, true, false, null),
    fc.array(tie('namedJson'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES, 'sequence', 'length'), tie('namedJson'), { maxKeys: 4 }),
  ),
}));
