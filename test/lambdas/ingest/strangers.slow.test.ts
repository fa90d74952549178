import { describe, expect, test } from '@jest/globals';
import type { HttpApiEvent } from '../../../lambdas/ingest/request.ts';
import { PROFILE_NAMES } from '../../../lambdas/ingest/signature/profiles/profiles.ts';
import { ask, forgedHead, post } from './stranger.ts';

// docs/decisions/0030: whatever an unsigned request holds, it is refused within this much CPU, the event already parsed.
const MOST_MS = 150;
const TRIES = 8;
const SIX_MB = 6_000_000;
const DIAGNOSED = 256 * 1024 - 64;

const fill = (piece: string, length: number) =>
  piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
const around = (start: string, piece: string, end: string, length: number) =>
  `${start}${fill(piece, length - start.length - end.length)}${end}`;
const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

type Hostile = readonly [name: string, contentType: string, body: (length: number) => string];

const BODIES: readonly Hostile[] = [
  ['a form of very many fields', FORM, (n) => fill('a&', n)],
  [
    'a form of very many different fields',
    FORM,
    (n) => Array.from({ length: n / 8 }, (_, i) => i.toString(36)).join('&'),
  ],
  ['a form of nothing but separators', FORM, (n) => fill('&', n)],
  ['a form of nothing but escapes', FORM, (n) => around('mandrill_events=', '%41', '', n)],
  ['a form of broken escapes', FORM, (n) => around('mandrill_events=', '%4%', '', n)],
  ['a form of bytes that are no UTF-8', FORM, (n) => around('mandrill_events=', '%ff', '', n)],
  [
    'a form whose field holds a long number and many quotes',
    FORM,
    (n) => around('webhook_id={:1e999"', '\\"', '', n),
  ],
  [
    'a form whose field holds JSON of long numbers',
    FORM,
    (n) => around('webhook_id=[', '12345678901234567,', '1]', n),
  ],
  ['a form of white space', FORM, (n) => fill(' ', n)],
  ['a form of equals signs', FORM, (n) => fill('=', n)],
  ['open brackets', JSON_TYPE, (n) => fill('[', n)],
  ['open objects', JSON_TYPE, (n) => fill('{"a":', n)],
  ['deep lists', JSON_TYPE, (n) => `${fill('[', n / 2)}${fill(']', n / 2)}`],
  ['a list of long numbers', JSON_TYPE, (n) => around('[', '12345678901234567,', '1]', n)],
  ['a list of huge numbers', JSON_TYPE, (n) => around('[', '1e999,', '1]', n)],
  ['one number that does not end', JSON_TYPE, (n) => around('[', '1', ']', n)],
  ['a text of escaped quotes', JSON_TYPE, (n) => around('{"a":"', '\\"', '"}', n - (n % 2))],
  ['a text of backslashes', JSON_TYPE, (n) => around('{"a":"', '\\\\', '"}', n - (n % 2))],
  ['an object whose text looks like numbers', JSON_TYPE, (n) => around('{:1e999"', '\\"', '"}', n)],
  ['a text of other letters', JSON_TYPE, (n) => around('{"a":"', 'é漢', '"}', n / 3)],
  ['lone surrogates', JSON_TYPE, (n) => around('{"a":"', '\ud800', '"}', n / 3)],
  ['line ends', JSON_TYPE, (n) => around('["', '\r\n', '"]', n)],
  [
    'very many members',
    JSON_TYPE,
    (n) => `{${Array.from({ length: n / 12 }, (_, i) => `"${i}":1`).join(',')}}`,
  ],
  [
    'very many items of Adyen',
    JSON_TYPE,
    (n) =>
      around(
        '{"notificationItems":[',
        '{"NotificationRequestItem":{"amount":{},"additionalData":{"hmacSignature":"AAAA"}}},',
        '{}]}',
        n,
      ),
  ],
  [
    'a long token of Mailgun',
    JSON_TYPE,
    (n) => around('{"signature":{"timestamp":1795512600,"signature":"00","token":"', 'a', '"}}', n),
  ],
  ['spaces, and then nothing', JSON_TYPE, (n) => fill(' ', n)],
];

type Cost = { readonly code: string; readonly status: number; readonly milliseconds: number };

/** The CPU of this process in milliseconds: the least of some tries, as other work and collecting garbage only add to it. */
async function costOf(event: HttpApiEvent): Promise<Cost> {
  let cost: Cost = { code: '', status: 0, milliseconds: Number.POSITIVE_INFINITY };
  for (let tried = 0; tried < TRIES && cost.milliseconds > MOST_MS; tried += 1) {
    const before = process.cpuUsage();
    const { statusCode, code } = await ask(event);
    const { user, system } = process.cpuUsage(before);
    const milliseconds = Math.min(cost.milliseconds, (user + system) / 1000);
    cost = { code, status: Math.floor(statusCode / 100), milliseconds };
  }
  return cost;
}

function isCheap({ status, milliseconds }: Cost): boolean {
  return status === 4 && milliseconds <= MOST_MS;
}

describe.each(BODIES)('a stranger with %s', (_name, contentType, write) => {
  const most = write(SIX_MB);
  const diagnosed = write(DIAGNOSED);

  test.each(PROFILE_NAMES)('at %s', async (source) => {
    const type = { 'content-type': contentType };
    const forge = (body: string) => {
      const { headers, query } = forgedHead(source, body);
      return post(source, body, { ...type, ...headers }, { rawQueryString: query });
    };
    const events = [post(source, most, type), forge(most), forge(diagnosed)];
    const costs: Cost[] = [];
    for (const event of events) costs.push(await costOf(event));

    expect(costs.filter((cost) => !isCheap(cost))).toEqual([]);
  });
});

describe.each(PROFILE_NAMES)('a stranger at %s', (source) => {
  const body = around('{"a":"', 'a', '"}', 4_000_000);
  const { headers } = forgedHead(source, body);
  const repeated = Object.entries(headers).map(([name, value]) => [name, fill(`${value},${value} `, 9_000)]);
  const many = Array.from({ length: 900 }, (_, i) => [`x-${i}`, 'é']);

  test.each([
    ['signatures at the limit of the gateway', post(source, body, Object.fromEntries(repeated))],
    ['very many headers', post(source, body, { ...headers, ...Object.fromEntries(many) })],
    [
      'a body in base64',
      post(source, Buffer.from(body).toString('base64'), headers, { isBase64Encoded: true }),
    ],
    [
      'a body that is almost base64',
      post(source, `${fill('AAAA', SIX_MB)}*AAA`, headers, { isBase64Encoded: true }),
    ],
    [
      'a query at the limit of the gateway',
      post(source, body, headers, { rawQueryString: fill('a=%41&', 9_000) }),
    ],
  ])('with %s', async (_name, event) => {
    expect([await costOf(event)].filter((cost) => !isCheap(cost))).toEqual([]);
  });
});
