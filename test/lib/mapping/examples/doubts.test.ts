import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { checkMappingFolders } from '../../../../lib/mapping/folders.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'doubts-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const BODY = {
  type: 'paid',
  id: 4711,
  email: 'ann@example.com',
  first_name: 'Ann',
  old_invitee: null,
  nickname: null,
  lines: null,
  data: { object: { id: 'ch_1' } },
};

/** The warnings of a mapping with one event, in the words after the path. */
async function warningsOf(event: object, { source = 'shop', body = BODY as object, beside = {} } = {}) {
  const mapping = {
    source,
    secret: 'webhooks/shop',
    verify: source === 'shopify' ? 'shopify' : { profile: 'shopify' },
    ...(source === 'shopify' ? {} : { 'event-type': { body: '/type' } }),
    ...beside,
    events: [{ name: 'paid', on: 'paid', 'event-id': 'evt_1', 'event-key': '{% email %}', ...event }],
  };
  const headers = { 'X-Shopify-Topic': 'orders/create' };
  mkdirSync(join(directory, source, 'examples'), { recursive: true });
  writeFileSync(join(directory, source, 'mapping.yaml'), JSON.stringify(mapping));
  writeFileSync(
    join(directory, source, 'examples/paid.json'),
    JSON.stringify({ webhook: { body, headers } }),
  );
  const { problems } = await checkMappingFolders(directory, ['dev']);
  return problems.flatMap(({ severity, message }) => (severity === 'warning' ? [message] : []));
}

const withValue = (value: string) => ({ 'event-params': { value } });

/** A literal in a test would look like a template of JavaScript. */
const dollar = (rest: string) => `$${rest}`;

describe('a literal that is probably a value of the webhook is named, with its expression:', () => {
  test.each([
    ['{{ first_name }}', 'first_name'],
    ['{{first_name}}', 'first_name'],
    ['Dear {{ first_name }}!', "'Dear ' & first_name & '!'"],
    [dollar('{email}'), 'email'],
    ['#{email}', 'email'],
    ['%{email}', 'email'],
    ['<%= email %>', 'email'],
    ['{ email }', 'email'],
    ['{{ $json.email }}', 'email'],
    ['{{ emial }}', 'email'],
    ['data.object.id', 'data.object.id'],
    ['$.data.object.id', 'data.object.id'],
    ['$$.email', 'email'],
    ['first_name', 'first_name'],
    ['$receivedAt', '$receivedAt'],
    ['$headers.`x-shop`', '$headers.`x-shop`'],
    ['$uppercase(email)', '$uppercase(email)'],
  ])('%s', async (literal, expression) => {
    expect(await warningsOf(withValue(literal))).toEqual([
      `is sent as it stands: ${JSON.stringify(literal)}. Did you mean "{% ${expression} %}"?`,
    ]);
  });

  test.each([
    ['{% "first_name" %}', 'first_name', 'first_name'],
    ["{% 'Dear {{ first_name }}, ' & email %}", 'Dear {{ first_name }}, ', "'Dear ' & first_name & ', '"],
  ])('as a text within the expression %s', async (expression, text, meant) => {
    expect(await warningsOf(withValue(expression))).toEqual([
      `is sent as it stands: ${JSON.stringify(text)}. Did you mean "{% ${meant} %}"?`,
    ]);
  });

  test('as the event key, where even a single word is none', async () => {
    expect(await warningsOf({ 'event-key': 'email' })).toEqual([
      'is sent as it stands: "email". Did you mean "{% email %}"?',
    ]);
  });

  test('as the name of a definition', async () => {
    const beside = { let: { whom: '{% email %}' } };

    expect(await warningsOf(withValue('$whom'), { beside })).toEqual([
      'is sent as it stands: "$whom". Did you mean "{% $whom %}"?',
    ]);
  });

  test('as an event id, which no expression can be', async () => {
    expect(await warningsOf({ 'event-id': dollar('{EVENT_ID}') })).toEqual([
      `is sent as it stands: ${dollar('{EVENT_ID}')}. Write the id.`,
    ]);
  });

  test.each([
    'email',
    'shop.example.com',
    'a {word} in braces',
    '$5 off',
    '100%',
    "{% $replace(email, '{{ first_name }}', 'x') %}",
    "{% 'Dear ' & email %}",
    'https://example.com/a.b',
    'v1.2',
  ])('but not %s', async (literal) => {
    expect(await warningsOf(withValue(literal))).toEqual([]);
  });
});

describe('null that would be taken for a value is named:', () => {
  test.each([
    [
      '$exists(old_invitee)',
      'old_invitee may be null, and $exists(…) is true of null. Write: … ? true : false',
    ],
    [
      '$not($exists($.nickname))',
      'nickname may be null, and $exists(…) is true of null. Write: … ? true : false',
    ],
    ['nickname ?? first_name', 'nickname may be null, and "a ?? b" is null where a is null. Write: a ?: b'],
    [
      "'Dear ' & nickname & '!'",
      'nickname may be null, and "&" writes it as the text "null". Write: (… ?: \'\')',
    ],
    ['$count(lines)', 'lines may be null, and $count(…) counts null as one. Write: $count(…[$ != null])'],
  ])('%s', async (source, message) => {
    expect(await warningsOf(withValue(`{% ${source} %}`))).toEqual([message]);
  });

  test.each([
    '$exists(email)',
    'email ?? first_name',
    'nickname ?: first_name',
    'nickname ? true : false',
    '$exists(nickname) and nickname != null',
    '$count(lines[price > 1])',
    "'Dear ' & (nickname ?: first_name)",
  ])('but not %s', async (source) => {
    const warnings = await warningsOf(withValue(`{% ${source} %}`));

    expect(warnings.filter((message) => message.includes('null'))).toEqual([]);
  });

  test('where only a published schema has it', async () => {
    const event = { on: 'orders/create', ...withValue('{% $exists(cancel_reason) %}') };
    const body = { email: 'ann@example.com', cancel_reason: 'other' };

    expect(await warningsOf(event, { source: 'shopify', body })).toEqual([
      'cancel_reason may be null, and $exists(…) is true of null. Write: … ? true : false',
    ]);
  });

  test('in an item', async () => {
    const event = { items: '{% list %}', ...withValue('{% $exists($item.note) %}') };
    const body = { ...BODY, list: [{ note: null }, { note: 'x' }] };

    expect(await warningsOf(event, { body })).toEqual([
      '$item.note may be null, and $exists(…) is true of null. Write: … ? true : false',
    ]);
  });
});
