import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findProfile } from '../../../lambdas/ingest/signature/profiles/profiles.ts';
import { sourceOf } from '../../../lib/mapping/file.ts';
import { readMappingFolders } from '../../../lib/mapping/folders.ts';
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
