import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { Project } from '../../../answers/project.ts';
import { initEvents, writePage } from '../../../cli/mappings/events.ts';
import { explainMapping } from '../../../cli/mappings/explain-mapping.ts';
import { validate } from '../../../cli/mappings/validate.ts';
import { SIX_SOURCES } from '../../fixtures/six-sources.ts';

const WITH_EXAMPLES = fileURLToPath(new URL('../../fixtures/mappings/ten-minutes', import.meta.url));

const TODAY = new Date('2026-06-01T00:00:00Z');

let directory: string;
let project: Project;
const at = (name: string) => join(directory, name);
const read = (name: string) => readFileSync(at(name), 'utf8');
const write = (name: string, text: string) => {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), text);
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'events-'));
  project = { mappings: at('mappings'), stagesFile: at('stages.yaml') };
  write('stages.yaml', 'local:\n  event-url: http://127.0.0.1:1/events\n');
});
afterEach(() => rmSync(directory, { recursive: true }));

const SHOP = `source: shop
verify: shopify
secret: webhooks/shop
events:
  - name: paid
    on: orders/paid
    when: "{% total > 0 %}"
    definition: order-paid
    event-key: { kind: email, value: "{% email %}" }
    event-params: { total: "{% total %}", note: "{% note %}", channel: shop }
    required: [total]
  - name: refunded
    on: refunds/create
    event-id: evt_2
    event-key: { kind: customer-id, value: "{% customer.id %}" }
`;

const CONTRACT = `order-paid:
  description: Confirms a payment | in <one> line.
  owner: billing@example.com
  event-id: { local: evt_1, prod: evt_9 }
  key: email
  valid-from: 2026-01-01
  valid-until: { local: 2026-05-31, prod: 2027-01-01 }
  parameters:
    total: { mandatory: true, example: "12.50", description: With two decimals. }
    note: {}
    channel: {}
left-over: { event-id: evt_3, key: msisdn }
`;

describe('adapter events init', () => {
  beforeEach(() => {
    symlinkSync(fileURLToPath(new URL('../../../samples', import.meta.url)), at('samples'));
    for (const sources of [SIX_SOURCES, WITH_EXAMPLES]) cpSync(sources, at('mappings'), { recursive: true });
  });

  test('writes a definition for every id of the mappings, with what their examples send', async () => {
    const { text, exitCode } = await initEvents(project);
    const definitions = parse(read('webex-events.yaml'));

    expect([exitCode, text]).toEqual([
      0,
      expect.stringMatching(/webex-events\.yaml: \d+ definitions, from 6 mappings\./),
    ]);
    expect(definitions['payment-failed']).toMatchObject({
      'event-id': 'evt_10000000000001',
      key: 'customer-id',
      parameters: {
        channel: { example: 'stripe' },
        currency: { mandatory: true, example: expect.stringMatching(/^[A-Z]{3}$/) },
      },
    });
    // Two sources have an event of this name, each with its own id.
    expect(Object.keys(definitions)).toEqual(
      expect.arrayContaining(['shopify-order-created', 'woocommerce-order-created']),
    );
    expect(Object.keys(definitions)).not.toContain('order-created');
    expect(read('webex-events.yaml')).toContain('\n\npayment-failed:\n');
  });

  test('writes what passes the check once the mappings name it, with no hint left', async () => {
    await initEvents(project);
    const definitions: Record<string, { 'event-id': string }> = parse(read('webex-events.yaml'));
    const names = new Map(Object.entries(definitions).map(([name, one]) => [one['event-id'], name]));
    for (const source of ['stripe', 'shopify', 'github', 'hubspot', 'woocommerce', 'resend']) {
      const file = `mappings/${source}/mapping.yaml`;
      write(
        file,
        read(file).replaceAll(/event-id: (evt_\d+)/g, (_, id) => `definition: ${names.get(id)}`),
      );
    }

    const { text, exitCode } = await validate(project, {});
    expect([exitCode, text]).toEqual([
      0,
      expect.stringMatching(/^6 mapping folders with \d+ events are in order\.$/m),
    ]);
    expect(text).not.toContain('hint: ');
  });

  test('overwrites nothing, and writes nothing from mappings with problems', async () => {
    write('webex-events.yaml', '# mine\n');
    expect(await initEvents(project)).toEqual({
      exitCode: 2,
      text: expect.stringContaining('is there already'),
    });
    expect(read('webex-events.yaml')).toBe('# mine\n');

    rmSync(at('webex-events.yaml'));
    write('mappings/stripe/mapping.yaml', 'source: stripe\n');
    expect(await initEvents(project)).toEqual({
      exitCode: 2,
      text: expect.stringContaining('mapping.yaml:1:1'),
    });
    expect(existsSync(at('webex-events.yaml'))).toBe(false);
  });
});

describe('adapter events page', () => {
  beforeEach(() => {
    write('mappings/shop/mapping.yaml', SHOP);
    write('webex-events.yaml', CONTRACT);
    write('stages.yaml', read('stages.yaml') + read('stages.yaml').replace('local', 'prod'));
  });

  test('says which messages there are, why, for whom, with what, and from when to when', async () => {
    const { text, exitCode } = await writePage(project, { format: 'markdown' }, TODAY);

    expect(exitCode).toBe(0);
    expect(text.split('\n').slice(4)).toEqual([
      '| message | what it says | sent by | to the | valid from | valid until | owner |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      '| order-paid | Confirms a payment \\| in \\<one\\> line. | shop | e-mail address | 2026-01-01 | 2026-05-31 (local): it has ended, 2027-01-01 (prod) | billing@example.com |',
      '| left-over |  | nothing | phone number | not written down | not written down |  |',
      '',
      '## order-paid',
      '',
      'Confirms a payment \\| in \\<one\\> line.',
      '',
      '- Sent when Shop says orders paid (orders/paid), and the total is above zero, to the person whose e-mail address is the email.',
      '- Valid from 2026-01-01.',
      '- Valid until 2026-05-31 (local): it has ended, 2027-01-01 (prod).',
      '- Owner: billing@example.com.',
      '- Event id in Webex Campaign: evt\\_1 (local), evt\\_9 (prod).',
      '',
      '| parameter | mandatory | always there | for example | what it is |',
      '| --- | --- | --- | --- | --- |',
      '| total | yes | yes | 12.50 | With two decimals. |',
      '| note | no | may be missing |  |  |',
      '| channel | no | yes |  |  |',
      '',
      '## left-over',
      '',
      '- Nothing sends it.',
      '- Event id in Webex Campaign: evt\\_3.',
      '',
      'It has no parameters.',
      '',
      '## Messages that nothing is written down of',
      '',
      '- refunded: sent when Shop says refunds create (refunds/create), to the person whose customer id is the customer id.',
    ]);
  });

  test('is one HTML file by itself, with nothing of the contract as markup', async () => {
    await writePage(project, { format: 'html', out: at('page.html') }, TODAY);
    const html = read('page.html');

    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(html).toContain('<td>Confirms a payment | in &#60;one&#62; line.</td>');
    expect(html).not.toMatch(/<script|src=|href=|<one>/);
    expect(html.match(/<table>/g)).toHaveLength(2);
  });
});

describe('adapter explain-mapping', () => {
  test('names the definition, says the message, and shows an example of each parameter', async () => {
    write('mappings/shop/mapping.yaml', SHOP);
    write('webex-events.yaml', CONTRACT);
    const { text } = await explainMapping(project, { name: 'shop' });

    expect(text).toContain(
      'Webex Campaign is asked for "order-paid" (evt_1), for the person whose e-mail address',
    );
    expect(text).toContain('  The message: Confirms a payment | in <one> line.\n');
    expect(text).toContain('    total    the total, as in "12.50"\n    note     the note, if it is there\n');
    expect(text).toContain('Webex Campaign is asked for evt_2, for the person whose customer id');
  });
});
