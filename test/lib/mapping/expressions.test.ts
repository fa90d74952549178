import { describe, expect, test } from '@jest/globals';
import { formatProblems } from '../../../lib/config/file.ts';
import { parseMappingFile } from '../../../lib/mapping/file.ts';
import { resolveMapping } from '../../../lib/mapping/schema.ts';

const HEAD = ['source: shop', 'verify: shopify', 'secret: webhooks/shop'];
const EVENT = ['events:', '  - name: paid', '    on: orders/paid', '    event-id: evt_1', '    event-key: a'];

function parse(lines: readonly string[]) {
  return parseMappingFile('mapping.yaml', [...HEAD, ...lines].join('\n'), { folder: 'shop' });
}

/** What is wrong with an expression, as the value of a parameter. */
function problemsOf(source: string, definitions: readonly string[] = []): readonly string[] {
  const parameter = ['    event-params:', '      value: >-', `        {% ${source} %}`];
  const parsed = parse([...definitions, ...EVENT, ...parameter]);
  return parsed.ok ? [] : parsed.failure.map(({ message }) => message);
}

describe('an offset that JSONata would misread', () => {
  test.each([
    "$fromMillis(at, '[H01]:[m01]', '+05:00')",
    "$fromMillis(at, picture, 'Europe/Berlin')",
    "$fromMillis(at, '[H01]', 'Z')",
    "at ~> $fromMillis('[H01]', '-0330')",
    "at.$fromMillis('[H01]', '+5')",
    "$map(list, function($one) { $fromMillis($one, '[H01]', '05:00') })",
  ])('is refused: %s', (source) => {
    expect(problemsOf(source)).toEqual([
      expect.stringMatching(/^\$fromMillis would misread ".+"\. Write \+HHMM, .*\$localTime/),
    ]);
  });

  test('is refused as a definition, too', () => {
    const definitions = ['let:', `  berlin: "{% '+01:00' %}"`];

    expect(problemsOf("$fromMillis(at, '[H01]', $berlin)", definitions)).toHaveLength(1);
  });

  test.each([
    "$fromMillis(at, '[H01]', '+0530')",
    "$fromMillis(at, '[H01]', '-0500')",
    "at.$fromMillis('[H01]', '0000')",
    "$fromMillis(at, '[H01]', offset)",
    "$fromMillis(at, '[H01]')",
    '$fromMillis(at)',
  ])('is no other: %s', (source) => {
    expect(problemsOf(source)).toEqual([]);
  });
});

describe('$localTime', () => {
  test.each([
    "$localTime(at, '[D]', 'Europe/Berlin')",
    "$localTime('2026-01-15T12:00:00Z', '[D]', 'America/New_York')",
    "at.$localTime('[D]', 'UTC')",
    "at ~> $localTime('[D1o] [MNn,*-3] [[at]] [H01]:[m01]', zone)",
  ])('is a known function: %s', (source) => {
    expect(problemsOf(source)).toEqual([]);
  });

  test.each([
    [
      "$localTime(at, '[D]', 'Europe/Berlni')",
      '"Europe/Berlni" is not a time zone. Did you mean "Europe/Berlin"?',
    ],
    ["at.$localTime('[D]', 'Moon')", '"Moon" is not a time zone. Write one such as "Europe/Berlin".'],
    [
      "$localTime(at, '[q]', 'UTC')",
      '[q] is no part of a date. Write one of docs.jsonata.org/date-time: [Y], [M01], [D1], [H01].',
    ],
    ["$fromMillis(at, '[Y')", 'the picture "[Y" has a [ without its ]. Add it, or write [[ for a bracket.'],
  ])('%s is refused: %s', (source, message) => {
    expect(problemsOf(source)).toEqual([message]);
  });
});

describe('$toMillis with a picture', () => {
  test('is refused without a year, which JSONata would take from the clock', () => {
    expect(problemsOf("$toMillis(at, '[H01]:[m01]')")).toEqual([
      'the picture "[H01]:[m01]" has no year: today\'s would be taken, which differs at every attempt. Add [Y].',
    ]);
    expect(problemsOf("at ~> $toMillis('[D] [MNn]')")).toHaveLength(1);
  });

  test.each(["$toMillis(at, '[D].[M].[Y0001]')", '$toMillis(at)', '$toMillis(at, picture)'])(
    'is no other: %s',
    (source) => {
      expect(problemsOf(source)).toEqual([]);
    },
  );
});

describe('a number that would be rounded', () => {
  test.each([
    ['id = 820982911946154508', '820982911946154508'],
    ['lines[id = -9007199254740993].name', '9007199254740993'],
    ['id in [1, 9007199254740992]', '9007199254740992'],
    ['id > 1e16', '1e16'],
  ])('is refused: %s', (source, text) => {
    expect(problemsOf(source)).toEqual([
      expect.stringContaining(`is beyond 2^53, where numbers are rounded. Write it as text: "${text}".`),
    ]);
  });

  test.each(['id = "820982911946154508"', 'total < 9007199254740991', 'total * 0.1234567890123456789'])(
    'is no other: %s',
    (source) => {
      expect(problemsOf(source)).toEqual([]);
    },
  );
});

describe('an expression as YAML has it', () => {
  const parameterOf = (lines: readonly string[]) => {
    const parsed = parse([...EVENT, ...lines]);
    return parsed.ok
      ? resolveMapping(parsed.value, 'dev').events[0]?.['event-params'].value
      : formatProblems(parsed.failure);
  };

  test.each([
    ['a block', ['      value: |', '        {% a', '          & b %}', '']],
    ['a folded block', ['      value: >', '        {% a', '          & b %}', '']],
    ['quotes with blanks', ['      value: "  {% a & b %} "']],
  ])('may be %s', (_, lines) => {
    expect(parameterOf(['    event-params:', ...lines])).toMatch(/^\s*\{% a\s+& b %\}\s*$/);
  });

  test('without quotes is named as such', () => {
    expect(
      parameterOf(['    when: {% total > 0 %}', '    event-params: { value: {% $join(tags, ", ") %} }']),
    ).toBe(
      'mapping.yaml:9:11  put the expression in quotes: "{% total > 0 %}"\n' +
        `mapping.yaml:10:28  put the expression in quotes: '{% $join(tags, ", ") %}'`,
    );
  });

  test('may come by a merge key', () => {
    const lines = ['    event-params: &all', '      value: a'];
    const second = [
      '  - name: open',
      '    on: orders/create',
      '    event-id: evt_2',
      '    event-key: b',
      '    event-params:',
      '      <<: *all',
      '      more: c',
    ];
    const parsed = parse([...EVENT, ...lines, ...second]);

    expect(parsed.ok && resolveMapping(parsed.value, 'dev').events[1]?.['event-params']).toEqual({
      value: 'a',
      more: 'c',
    });
  });
});
