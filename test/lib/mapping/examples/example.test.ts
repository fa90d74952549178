import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { acceptExample } from '../../../../cli/mappings/map.ts';
import {
  type Example,
  type ExampleRun,
  parseExample,
  runExample,
} from '../../../../lib/mapping/examples/example.ts';
import { type MappingFile, parseMappingFile } from '../../../../lib/mapping/file.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'examples-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const MAPPING = `
source: stripe
verify: stripe
secret: webhooks/stripe
defaults: { event-time: "{% created %}", max-age: 1h }
events:
  - { name: paid, on: paid, event-id: evt_1, event-key: "{% id %}" }
`;

function mapping(): MappingFile {
  const parsed = parseMappingFile('mapping.yaml', MAPPING, { folder: 'stripe' });
  if (!parsed.ok) throw new Error('The mapping has problems.');
  return parsed.value;
}

function example(text: string): Example {
  const file = join(directory, 'one.yaml');
  writeFileSync(file, text);
  const parsed = parseExample('stripe/one', file, 'one.yaml');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.failure));
  return parsed.value;
}

async function accept(text: string): Promise<string> {
  const run: ExampleRun = await runExample(mapping(), example(text), 'dev');
  acceptExample({ ...run, mapping: mapping() });
  return readFileSync(join(directory, 'one.yaml'), 'utf8');
}

describe('an example', () => {
  test.each([
    ['that sets it', 'body: "{}"\n  set: { /id: 820982911946154508 }'],
    ['that sets an object around it', 'body: "{}"\n  set: { /order: { ids: [820982911946154508] } }'],
    ['whose body has it', 'body: { id: 820982911946154508 }'],
    ['that sets another member', 'body: \'{"id":820982911946154508}\'\n  set: { /type: paid }'],
  ])('%s keeps every digit of a long number', (_, written) => {
    const { rawBody } = example(`webhook:\n  ${written}\n`).webhook;

    expect(Buffer.from(rawBody).toString()).toContain('820982911946154508');
  });

  test('is recorded with what it becomes, and nothing else in it changes', async () => {
    const written =
      '# A long id.\nwebhook:\n  body: { id: 820982911946154508, type: paid } # as it came\n' +
      '  received-at: 2026-01-01T00:00:00Z\n';

    expect(await accept(written)).toBe(
      `${written}expect:\n  - event: paid\n    sends:\n      event-id: evt_1\n` +
        '      event-key: "820982911946154508"\n      event-params: {}\n',
    );
  });

  test.each([
    ['2026-01-01T01:00:00Z', 'sends:'],
    ['2026-01-01T01:00:01Z', 'expired: too-old'],
  ])(
    'whose webhook came in at %s, an hour or more after it happened, expects %s',
    async (at, expectation) => {
      const text = await accept(
        `webhook:\n  body: { id: cus_1, type: paid, created: 1767225600 }\n  received-at: ${at}\n`,
      );

      expect(text).toContain(`expect:\n  - event: paid\n    ${expectation}`);
    },
  );
});
