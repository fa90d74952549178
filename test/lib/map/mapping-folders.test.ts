import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findSample } from '../../../cli/samples.ts';
import { findProfile } from '../../../lambdas/ingest/signature-profiles/profiles.ts';
import { compileMapping, mapWebhook } from '../../../lambdas/map/map-webhook.ts';
import { parseJson } from '../../../lambdas/parse-json.ts';
import { readMappingFolders, sourceOf } from '../../../lib/map/mapping-folders.ts';
import { resolveMapping } from '../../../lib/map/resolve-mapping.ts';
import { webhookOf } from '../../map/compiled-mapping.ts';

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

describe('of the mappings that are shipped,', () => {
  const shipped = readMappingFolders(fileURLToPath(new URL('../../../mappings', import.meta.url)));
  const files = shipped.ok ? shipped.value : [];

  const types = files.flatMap((file) =>
    sourceOf(file).eventTypes.map((type) => [file.source, type, findSample(file.source, type)] as const),
  );

  test('there are these', () => {
    expect(files.map(({ source, events }) => [source, events.length])).toEqual([
      ['github', 2],
      ['hubspot', 2],
      ['resend', 2],
      ['shopify', expect.any(Number)],
      ['stripe', expect.any(Number)],
      ['woocommerce', 2],
    ]);
  });

  test('only these event types have no sample', () => {
    expect(types.flatMap(([source, type, { ok }]) => (ok ? [] : [`${source} ${type}`]))).toEqual([
      'hubspot contact.propertyChange',
      'woocommerce order.created',
      'woocommerce customer.created',
    ]);
  });

  test.each(types.filter(([, , { ok }]) => ok))(
    "%s's sample of %s becomes a payload that the contract allows",
    async (source, type, sample) => {
      const file = files.find((mapping) => mapping.source === source);
      if (file === undefined || !sample.ok) throw new Error('There is no sample of this type.');

      const [mapped] = await mapWebhook(
        compileMapping(resolveMapping(file, 'local')),
        webhookOf(parseJson(sample.value.body.toString('utf8')), type),
      );

      expect(mapped?.kind).toBe('event');
      expect(mapped?.kind === 'event' && Object.keys(mapped.event.params).length).toBeGreaterThanOrEqual(3);
    },
  );
});
