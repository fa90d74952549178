import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { profileOf, readRecipes } from '../../../bin/vendors.ts';
import { findProfile, PROFILE_NAMES } from '../../../lambdas/ingest/signature/profiles/profiles.ts';
import { sourceOf } from '../../../lib/mapping/file.ts';
import { checkMappingFolders, isError, readMappingFolders } from '../../../lib/mapping/folders.ts';
import { resolveMapping } from '../../../lib/mapping/schema.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mappings-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(folder: string, text: string): void {
  mkdirSync(join(directory, folder));
  writeFileSync(join(directory, folder, 'mapping.yaml'), text);
}

describe('the mapping folders', () => {
  test('give ingest what it has to verify, and map what it has to send', () => {
    write(
      'shop',
      'source: shop\nverify: shopify\nsecret: webhooks/shop\nevents:\n' +
        '  - { name: created, on: [orders/create, orders/paid], event-id: evt_1, event-key: "{% email %}" }\n',
    );

    const files = readMappingFolders(directory);
    const [file] = files.ok ? files.value : [];

    expect(file && sourceOf(file)).toEqual({
      source: 'shop',
      profile: findProfile('shopify'),
      secret: 'webhooks/shop',
      eventTypes: ['orders/create', 'orders/paid'],
      mappedHeaders: [],
    });
    expect(file && resolveMapping(file, 'dev')).toMatchObject({
      source: 'shop',
      events: [{ name: 'created', 'event-id': 'evt_1' }],
    });
  });

  test('report the problems of all files at once', () => {
    write('one', 'source: one');
    write('two', '[');
    mkdirSync(join(directory, 'three'));

    const files = readMappingFolders(directory);

    const reported = files.ok
      ? []
      : files.failure.map(({ file, message }) => `${file.split('/').at(-2)}: ${message}`);
    expect(reported).toEqual([
      'one: is missing. Add it.',
      'one: is missing. Add it.',
      'one: is missing. Add it.',
      'three: is missing. Add a mapping.yaml.',
      expect.stringContaining('two: is not valid YAML'),
    ]);
  });
});

test('a secret of two sources is warned of, at the second', async () => {
  const text = (source: string, secret: string) =>
    `source: ${source}\nverify: shopify\nsecret: webhooks/${secret}\nevents:\n` +
    '  - { name: created, on: orders/create, event-id: evt_1, event-key: "{% email %}" }\n';
  write('one', text('one', 'one'));
  write('two', text('two', 'one'));
  write('three', text('three', 'three'));

  const { problems } = await checkMappingFolders(directory, ['dev']);

  expect(problems.filter(({ path }) => path === 'secret')).toMatchObject([
    {
      file: expect.stringContaining('two'),
      line: 3,
      severity: 'warning',
      message: expect.stringContaining('secret of one'),
    },
  ]);
});

describe('the former names of sources', () => {
  const folder = (source: string, formerly: string) =>
    write(
      source,
      `source: ${source}\nformerly: [${formerly}]\nverify: shopify\nsecret: webhooks/shop\nevents:\n` +
        '  - { name: created, on: orders/create, event-id: evt_1, event-key: "{% email %}" }\n',
    );
  const problemsOf = () => {
    const files = readMappingFolders(directory);
    return files.ok
      ? []
      : files.failure.map(
          ({ file, line, path, message }) => `${file.split('/').at(-2)}:${line} ${path} ${message}`,
        );
  };

  test('reach ingest and map', () => {
    folder('shop', 'store, boutique');

    const files = readMappingFolders(directory);
    const [file] = files.ok ? files.value : [];

    expect(file && sourceOf(file).formerly).toEqual(['store', 'boutique']);
    expect(file && resolveMapping(file, 'dev').formerly).toEqual(['store', 'boutique']);
  });

  test('are refused where two sources claim one, or a source still has it, each with its line and what to do', () => {
    folder('a', 'old');
    folder('b', 'old, b');
    folder('c', 'a');
    folder('d', 'e');
    folder('e', 'd');

    expect(problemsOf()).toEqual([
      'b:2 formerly[0] "old" is a former name of "a" already. Keep it where it belongs, and remove the other.',
      'b:2 formerly[1] "b" is its present name. Remove it here.',
      'c:2 formerly[0] "a" is the name of another source. Rename that folder, or remove this line.',
      'd:2 formerly[0] "d" and "e" each say that they were the other. Remove one of the two lines.',
      'e:2 formerly[0] "e" and "d" each say that they were the other. Remove one of the two lines.',
    ]);
  });
});

describe('a timestamp that is signed', () => {
  const warningsOf = async (options: string) => {
    const event = '{ name: a, on: b, event-id: evt_1, event-key: "{% id %}" }';
    const head = `source: shop\nsecret: webhooks/shop\nevent-type: { body: /type }\nverify:\n  ${options}`;
    write('shop', `${head}\nevents:\n  - ${event}\n`);
    const { problems } = await checkMappingFolders(directory, ['dev']);
    expect(problems.filter(isError)).toEqual([]);
    return problems.filter(({ path }) => path.startsWith('verify'));
  };
  const options = (more: string) =>
    `{ encoding: hex, signature: { header: s }, content: "{timestamp}.{body}", timestamp: { header: t, format: unix${more} } }`;

  test('is warned of without a tolerance', async () => {
    expect(await warningsOf(options(''))).toMatchObject([
      {
        ...{ path: 'verify.timestamp', severity: 'warning' },
        message: expect.stringMatching(/^has no toleranceSeconds.* after 30 days.*Add toleranceSeconds: 300/),
      },
    ]);
  });

  test.each([
    options(', toleranceSeconds: 604800'),
    '{ encoding: hex, signature: { header: s } }',
    '{ profile: stripe }',
  ])('is not warned of with one, nor where there is no timestamp: %s', async (written) => {
    expect(await warningsOf(written)).toEqual([]);
  });

  test('has a tolerance in every profile and recipe', () => {
    const profiles = PROFILE_NAMES.map((name) => findProfile(name));
    const without = [...profiles, ...readRecipes().map(profileOf)].filter((profile) => {
      const signature = profile?.signature;
      const timestamp = signature && 'timestamp' in signature ? signature.timestamp : undefined;
      return timestamp !== undefined && timestamp.toleranceSeconds === undefined;
    });

    expect(without).toEqual([]);
  });
});

describe('a max-age', () => {
  const SIGNED_TIME = 'verify: stripe';
  const NO_TIME = 'verify: github';
  const warningsOf = async (...lines: readonly string[]) => {
    write('shop', ['source: shop', 'secret: webhooks/shop', ...lines].join('\n'));
    const { problems } = await checkMappingFolders(directory, ['dev']);
    expect(problems.filter(isError)).toEqual([]);
    return problems.flatMap(({ line, message }) => (message.includes('max-age') ? [[line, message]] : []));
  };
  const event = (more: string) => `  - { name: a, on: b, event-id: evt_1, event-key: "{% id %}"${more} }`;

  test('is warned of where neither the signature nor the mapping says when it happened', async () => {
    expect(await warningsOf(NO_TIME, 'events:', event(', max-age: 24h'))).toEqual([
      [5, expect.stringMatching(/nothing says when it happened: .* after 30 days.*Add event-time\.$/)],
    ]);
  });

  test('is warned of at every event that takes it from the defaults', async () => {
    const lines = await warningsOf(NO_TIME, 'defaults: { max-age: 1h }', 'events:', event(''));

    expect(lines).toHaveLength(1);
    expect(lines[0]?.[0]).toBe(6);
  });

  test.each([
    ['the signature has a timestamp', [SIGNED_TIME, 'events:', event(', max-age: 24h')]],
    ['the event says it', [NO_TIME, 'events:', event(', max-age: 24h, event-time: "{% at %}"')]],
    [
      'the defaults say it',
      [NO_TIME, 'defaults: { event-time: "{% at %}" }', 'events:', event(', max-age: 1h')],
    ],
    ['the plug-in checks one', ['verify: mailgun', 'events:', event(', max-age: 24h')]],
    ['there is none', [NO_TIME, 'events:', event('')]],
  ])('is not warned of where %s', async (_, lines) => {
    expect(await warningsOf(...lines)).toEqual([]);
  });
});
