import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { mappingJsonSchema } from '../../../lib/mapping/schema.ts';
import { SIX_SOURCES } from '../../fixtures/six-sources.ts';

const MAPPINGS = new URL('../../../mappings/', import.meta.url);
const SIX = readdirSync(SIX_SOURCES);
const SHIPPED = JSON.parse(readFileSync(new URL('mapping.schema.json', MAPPINGS), 'utf8'));

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strict: false, validateFormats: false });
const validate = ajv.compile(SHIPPED);

/** Where a validator, and so an editor, sees something wrong. */
function flagged(text: string): readonly string[] {
  validate(parse(text));
  return (validate.errors ?? []).map(({ instancePath, params }) =>
    'additionalProperty' in params ? `${instancePath}/${params.additionalProperty}` : instancePath,
  );
}

const RIGHT = `
source: shop
verify: shopify
secret: webhooks/shop
events:
  - name: created
    on: orders/create
    event-id: evt_1
    event-key: "{% email %}"
`;

describe('mapping.schema.json', () => {
  test('is current: "npm run schema" writes it', () => {
    expect(SHIPPED).toEqual(JSON.parse(JSON.stringify(mappingJsonSchema())));
  });

  test.each(SIX)('finds nothing wrong in the mapping of %s', (source) => {
    expect(flagged(readFileSync(join(SIX_SOURCES, source, 'mapping.yaml'), 'utf8'))).toEqual([]);
  });

  test.each([
    ['a key that is misspelt', RIGHT.replace('event-key', 'event-kye'), '/events/0/event-kye'],
    ['a key that is missing', RIGHT.replace('    event-id: evt_1\n', ''), '/events/0'],
    ['a number for a text', RIGHT.replace('created', '5'), '/events/0/name'],
    ['an unknown profile', RIGHT.replace('shopify', 'shopfiy'), '/verify'],
    [
      'an unknown kind of key',
      RIGHT.replace('"{% email %}"', '{ kind: fax, value: x }'),
      '/events/0/event-key',
    ],
    ['a key of the whole file', RIGHT.replace('secret:', 'secrets:'), '/secrets'],
    [
      'an option',
      RIGHT.replace('verify: shopify', 'verify: { kind: hmac, encodin: hex }'),
      '/verify/encodin',
    ],
    ['a policy', `${RIGHT}    on-unconfirmed: perhaps\n`, '/events/0/on-unconfirmed'],
  ])('flags %s where it stands', (_, text, place) => {
    expect(flagged(RIGHT)).toEqual([]);
    expect(flagged(text)).toContain(place);
  });
});
