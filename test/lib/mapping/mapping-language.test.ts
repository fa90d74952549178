import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { mapCommand } from '../../../cli/mappings/map.ts';
import { validate } from '../../../cli/mappings/validate.ts';
import type { MapFailure } from '../../../lambdas/map/failure.ts';
import { type Expectation, expectationOf, previewWebhook } from '../../../lib/mapping/examples/example.ts';
import { parseMappingFile } from '../../../lib/mapping/file.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const TEXT = readFileSync(new URL('../../../docs/mapping-language.md', import.meta.url), 'utf8');

const HEAD = {
  source: 'example',
  secret: 'webhooks/example',
  verify: 'shopify',
  'event-type': { body: ['/type', '/kind'] },
};
const EVENT = { name: 'example', on: 'example', 'event-id': 'evt_1', 'event-key': '{% id %}' };

/** The snippets of the page: a mapping, what is given, and the result that the page promises. */
const SNIPPETS = [
  ...TEXT.matchAll(
    /```yaml mapping\n(.*?)```\n```json given\n(.*?)```\n(?:```json headers\n(.*?)```\n)?```json result\n(.*?)```/gs,
  ),
].map(([, mapping = '', given = '', headers = '{}', result = ''], index) => ({
  name: `${index + 1}: ${mapping.split('\n')[0]}`,
  mapping: parse(mapping) as Readonly<Record<string, unknown>>,
  given,
  headers: JSON.parse(headers) as Readonly<Record<string, string>>,
  result: JSON.parse(result) as unknown,
}));

/** An event of a mapping, or a whole file. */
function fileOf(mapping: Readonly<Record<string, unknown>>): object {
  return 'events' in mapping ? { ...HEAD, ...mapping } : { ...HEAD, events: [{ ...EVENT, ...mapping }] };
}

/** A webhook of type "example", unless it says otherwise. */
function withType(given: string): string {
  return given.includes('"type"') ? given : given.replace('{', '{ "type": "example",');
}

/** What the page shows of a payload, without `sends` around it. */
function flatten(expectation: Expectation): unknown {
  if (!Array.isArray(expectation)) return expectation;
  const events = expectation.map(({ event: _, sends, ...rest }) => ({ ...rest, ...sends }));
  return events.length === 1 ? events[0] : events;
}

/** Every code of a rejection: one without an entry does not compile. */
const CODES: Readonly<Record<MapFailure['code'], true>> = {
  'expression-failed': true,
  'value-not-text': true,
  'value-null': true,
  'parameter-missing': true,
  'event-key-missing': true,
  'event-key-invalid': true,
  'event-time-unreadable': true,
  'deduplication-id-unusable': true,
  'too-many-parameters': true,
  'payload-too-large': true,
};

/** The parameters of a result, or of each of its events: those that the page shows are all that there are. */
function paramsIn(result: unknown): readonly unknown[] {
  const events = [result].flat() as readonly Readonly<Record<string, unknown>>[];
  return events.flatMap((event) => event['event-params'] ?? []);
}

describe('docs/mapping-language.md', () => {
  test('has snippets, and none that is not run', () => {
    expect(SNIPPETS.length).toBeGreaterThan(20);
    expect(TEXT.match(/^```yaml mapping$/gm)).toHaveLength(SNIPPETS.length);
    expect(TEXT.match(/^```json result$/gm)).toHaveLength(SNIPPETS.length);
  });

  test.each(SNIPPETS)('$name', async ({ mapping, given, headers, result }) => {
    const text = JSON.stringify(fileOf(mapping));
    const file = parseMappingFile('mapping.yaml', text, { folder: 'example', stages: ['dev', 'prod'] });
    expect(file.ok ? [] : file.failure).toEqual([]);
    if (!file.ok) return;

    const webhook = {
      rawBody: Buffer.from(withType(given)),
      headers: new Map(Object.entries(headers)),
      receivedAt: new Date('2026-11-24T12:00:00Z'),
    };
    const became = flatten(expectationOf(await previewWebhook(file.value, webhook, 'dev')));
    if (typeof result === 'string') expect(became).toBe(result);
    else expect(became).toMatchObject(result as object);
    if (paramsIn(result).length > 0) expect(paramsIn(became)).toEqual(paramsIn(result));
  });

  test('names every code of a rejection', () => {
    expect(Object.keys(CODES).filter((code) => !TEXT.includes(`\`${code}\``))).toEqual([]);
  });

  test('names every key of a mapping file', () => {
    const schema = JSON.parse(
      readFileSync(new URL('../../../mappings/mapping.schema.json', import.meta.url), 'utf8'),
    );
    const keys = [
      ...Object.keys(schema.properties),
      ...Object.keys(schema.properties.events.items.properties),
      ...Object.keys(schema.properties.defaults.properties),
    ];
    expect(keys.filter((key) => !TEXT.includes(`\`${key}\``))).toEqual([]);
  });
});

describe('the ten minutes', () => {
  const [, event = '', example = ''] =
    /```yaml\n( {5}- name: payout-arrived.*?)```.*?```yaml\n( {3}# A payout.*?)```/s.exec(TEXT) ?? [];
  const root = mkdtempSync(join(tmpdir(), 'ten-minutes-'));
  const project = { mappings: join(root, 'mappings'), stagesFile: join(root, 'stages.yaml') };
  afterAll(() => rmSync(root, { recursive: true }));

  test('end with an event that is checked, by what the page says alone', async () => {
    cpSync(join(ROOT, 'test/fixtures/mappings/ten-minutes'), join(root, 'mappings'), { recursive: true });
    symlinkSync(join(ROOT, 'samples'), join(root, 'samples'));
    appendFileSync(join(root, 'mappings/stripe/mapping.yaml'), event.replaceAll(/^ {3}/gm, ''));
    const file = join(root, 'mappings/stripe/examples/payout-arrived.yaml');
    writeFileSync(file, example.replaceAll(/^ {3}/gm, ''));

    const accepted = await mapCommand(project, { example: 'stripe/payout-arrived', accept: true });

    expect(accepted.exitCode).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('arrives: 28 March 2022');
    expect(await validate(project, {})).toEqual({
      exitCode: 0,
      text: expect.stringMatching(/^1 mapping folder with \d+ events is in order\.$/m),
    });
  });
});
