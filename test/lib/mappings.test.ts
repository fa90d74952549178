import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { checkMappings, readMappings } from '../../lib/mappings.ts';

const OWN = 'test/package/own-app/mappings';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mappings-'));
  cpSync(OWN, directory, { recursive: true });
});
afterEach(() => rmSync(directory, { recursive: true }));

function change(file: string, from: string, to: string): void {
  const path = join(directory, file);
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
}

describe('readMappings', () => {
  test('gives the mappings of a folder', () => {
    expect(readMappings(directory).map(({ source }) => source)).toEqual(['billing']);
  });

  test('throws all problems at once, each with its place', () => {
    change('billing/mapping.yaml', 'verify: standard-webhooks', 'verify: standard-webhoks');
    change('billing/mapping.yaml', 'kind: email', 'kind: mail');

    expect(() => readMappings(directory)).toThrow(
      /^The mappings have problems:\n.*billing\/mapping\.yaml:4:1 .*standard-webhooks.*\n.*mapping\.yaml:10:18 [^\n]*$/,
    );
  });

  test('says where it looked for a folder that is missing or empty', () => {
    expect(() => readMappings('no-mappings')).toThrow(
      `no-mappings  is not there, seen from ${process.cwd()}. Add one: ${join('no-mappings', '<source>', 'mapping.yaml')}`,
    );
    rmSync(join(directory, 'billing'), { recursive: true });
    expect(() => readMappings(directory)).toThrow('has no mapping folder. Add one: ');
  });

  test('asks for an event id for every stage that any mapping names', () => {
    change('billing/mapping.yaml', '{ dev: evt_17301120938105, prod: evt_17301121277208 }', 'evt_1');
    expect(readMappings(directory)).toHaveLength(1);

    mkdirSync(join(directory, 'shop'));
    const event = (name: string, id: string) =>
      `  - { name: ${name}, on: ${name}, event-id: ${id}, event-key: "{% a %}" }\n`;
    const events = event('one', '{ dev: evt_1, prod: evt_2 }') + event('two', '{ dev: evt_3 }');
    writeFileSync(
      join(directory, 'shop/mapping.yaml'),
      `source: shop\nverify: svix\nsecret: webhooks/shop\nevents:\n${events}`,
    );
    expect(() => readMappings(directory)).toThrow('has no id for the stage "prod". Add it: prod: evt_…');
    expect(() => readMappings(directory, { stages: ['dev', 'prod', 'test'] })).toThrow(
      'has no id for the stage "test". Add it: test: evt_…',
    );
  });
});

describe('with a contract file beside the folder, readMappings', () => {
  const inside = () => join(directory, 'own');
  const contract = (text: string) => writeFileSync(join(directory, 'webex-events.yaml'), text);
  beforeEach(() => {
    mkdirSync(inside());
    cpSync(join(directory, 'billing'), join(inside(), 'billing'), { recursive: true });
    const file = 'own/billing/mapping.yaml';
    change(
      file,
      'event-id: { dev: evt_17301120938105, prod: evt_17301121277208 }',
      'definition: invoice-overdue',
    );
    contract(DEFINITIONS);
  });

  test('gives each event the ids of its definition', async () => {
    const [file] = readMappings(inside());

    expect(file?.events[0]?.['event-id']).toEqual({ dev: 'evt_17301120938105', prod: 'evt_17301121277208' });
    expect(await checkMappings(inside())).toHaveLength(1);
  });

  test('asks for an id of every stage', () => {
    expect(() => readMappings(inside(), { stages: ['dev', 'prod', 'test'] })).toThrow(
      'webex-events.yaml:2:3  invoice-overdue.event-id  has no id for the stage "test"',
    );
  });

  test('throws the problems of both files', () => {
    contract(DEFINITIONS.replace('amount: {}', 'amont: {}').replace('key: email', 'key: email\n  owner: 5'));
    change('own/billing/mapping.yaml', 'verify: standard-webhooks', 'verify: standard-webhoks');

    expect(() => readMappings(inside())).toThrow(/webex-events\.yaml:4:3 {2}.*\n.*mapping\.yaml:4:1/);
  });
});

const DEFINITIONS = `invoice-overdue:
  event-id: { dev: evt_17301120938105, prod: evt_17301121277208 }
  key: email
  parameters: { amount: {}, currency: {}, invoice: {}, firstname: {}, due: {}, pay_url: {} }
`;

describe('checkMappings', () => {
  test('gives the same mappings', async () => {
    expect((await checkMappings(directory)).map(({ source }) => source)).toEqual(['billing']);
  });

  test('runs their examples, too', async () => {
    change('billing/mapping.yaml', 'data.amount', 'data.sum');

    expect(readMappings(directory)).toHaveLength(1);
    await expect(checkMappings(directory)).rejects.toThrow('billing/examples/invoice-overdue.yaml:5:1');
  });
});
