import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Project } from '../../../answers/project.ts';
import { explainMapping } from '../../../cli/mappings/explain-mapping.ts';
import { type MapOptions, mapCommand } from '../../../cli/mappings/map.ts';
import { validate } from '../../../cli/mappings/validate.ts';
import { formatValue } from '../../../lib/mapping/words.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const MAPPING = `source: shop
verify: shopify
secret: webhooks/shop
events:
  - name: paid
    on: orders/paid
    when: "{% count > 0 and $not($exists(cancelled_at)) %}"
    event-id: { dev: evt_1, prod: evt_9 }
    event-key: { value: "{% email %}", kind: email }
    event-params: { total: "{% total %}", note: "{% note %}" }
    required: [total]
    event-time: "{% created_at %}"
    max-age: 48h
  - name: refunded
    on: refunds/create
    event-id: evt_2
    event-key: "{% email %}"
`;

let directory: string;
let project: Project;
const at = (name: string) => join(directory, name);
const write = (name: string, text: string) => writeFileSync(at(name), text);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'project-'));
  project = { mappings: at('mappings'), stagesFile: at('stages.yaml') };
  mkdirSync(at('mappings/shop/examples'), { recursive: true });
  write('mappings/shop/mapping.yaml', MAPPING);
  const url = 'event-url: https://tenant.example.com/events';
  write('stages.yaml', `dev:\n  ${url}\nprod:\n  ${url}\n`);
  write(
    'body.json',
    '{"email":"ann@example.com","count":2,"total":820982911946154508,"note":null,"created_at":1764547200}',
  );
  write('paid.txt', 'X-Shopify-Topic: orders/paid\r\nX-Other: a:b\r\n');
});
afterEach(() => rmSync(directory, { recursive: true }));

const SHOP: MapOptions = { mapping: 'shop' };

async function map(options: MapOptions) {
  const { text, exitCode } = await mapCommand(project, {
    ...SHOP,
    body: at('body.json'),
    headers: at('paid.txt'),
    ...options,
  });
  return { text, exitCode };
}

async function mapJson(options: MapOptions = {}) {
  const { text, exitCode } = await map({ ...options, json: true });
  return { exitCode, preview: JSON.parse(text) };
}

describe('adapter map', () => {
  test('shows the payload, its size against the limits, and what was left out', async () => {
    const { exitCode, preview } = await mapJson();

    expect(exitCode).toBe(0);
    expect(preview).toEqual({
      mapping: 'shop',
      outcome: 'mapped',
      eventTypes: ['orders/paid'],
      events: [
        {
          event: 'paid',
          outcome: 'event',
          payload: {
            'event-id': 'evt_1',
            'event-key': 'ann@example.com',
            'event-params': { total: '820982911946154508' },
          },
          bytes: 96,
          maxBytes: 24_000,
          parameters: 1,
          maxParameters: 400,
          leftOut: [{ parameter: 'note', type: 'null' }],
          occurredAt: '2025-12-01T00:00:00.000Z',
          onUnconfirmed: 'park',
          maxAgeSeconds: 172_800,
          expired: 'too-old',
        },
      ],
      unmatched: [{ event: 'refunded', on: ['refunds/create'] }],
    });
  });

  test('says the same to a person', async () => {
    const { text } = await map({});

    expect(text).toBe(
      [
        'shop: orders/paid (stage dev)',
        '  ✓  paid: 96 of 24000 bytes, 1 of 400 parameters',
        '       event-id   evt_1',
        '       event-key  ann@example.com',
        '       total      "820982911946154508"',
        '       note       left out: null',
        '       too old    for its max-age when it came in: recorded, not sent',
        '       happened   2025-12-01T00:00:00.000Z; not sent later than 172800 s after it',
        '  –  refunded: is on refunds/create',
      ].join('\n'),
    );
  });

  test('takes the event ids of a stage', async () => {
    expect((await mapJson({ stage: 'prod' })).preview.events[0].payload['event-id']).toBe('evt_9');
  });

  test('reads headers from JSON too', async () => {
    write('headers.json', '{"X-Shopify-Topic": ["refunds/create"]}');

    expect((await mapJson({ headers: at('headers.json') })).preview.events[0].event).toBe('refunded');
  });

  test('says which condition was not met', async () => {
    write('body.json', '{"email":"ann@example.com","total":0}');
    const { text, exitCode } = await map({});

    expect(exitCode).toBe(0);
    expect(text).toContain('–  paid: skipped, as "when" is not true: {% count > 0');
    expect((await mapJson()).preview.events[0]).toEqual({
      event: 'paid',
      outcome: 'skipped',
      code: 'when-not-met',
    });
  });

  test('says why a webhook is rejected, and ends with 1', async () => {
    write('body.json', '{"email":"ann","total":5,"count":1}');
    const { text, exitCode } = await map({});

    expect(exitCode).toBe(1);
    expect(text).toContain('✗  paid: rejected, event-key-invalid\n       event-key: not a valid email');
    expect((await mapJson()).preview.events[0]).toMatchObject({
      outcome: 'rejected',
      code: 'event-key-invalid',
    });
  });

  test('says that no event is on its type', async () => {
    write('paid.txt', 'x-shopify-topic: carts/create');

    expect((await mapJson()).preview).toMatchObject({ outcome: 'ignored', eventTypes: ['carts/create'] });
    expect(await map({})).toMatchObject({
      exitCode: 0,
      text: expect.stringContaining('No event of the mapping'),
    });
  });

  test('says where it expected the type', async () => {
    const { exitCode, preview } = await mapJson({ headers: undefined });

    expect([exitCode, preview]).toMatchObject([1, { outcome: 'rejected', code: 'event-type-missing' }]);
  });

  test('says that a body cannot be read', async () => {
    write('body.json', '{"email":');

    expect((await mapJson()).preview).toMatchObject({ outcome: 'rejected', code: 'body-not-json' });
    expect((await map({})).text).toContain('body.json: Unexpected end of JSON input');
  });

  test('says where a body breaks off', async () => {
    write('body.json', '{\n  "email": "a@example.com" "id": 5\n}');

    expect((await map({})).text).toContain('(line 2 column 28)');
  });

  test('says that a body is nested too deep', async () => {
    write('body.json', `${'['.repeat(501)}${']'.repeat(501)}`);

    expect((await mapJson()).preview).toMatchObject({ outcome: 'rejected', code: 'body-too-deep' });
  });

  test.each<[MapOptions, string]>([
    [{ body: undefined }, 'Give --mapping and --body'],
    [{ mapping: undefined }, 'Give --mapping and --body'],
    [{ mapping: 'shp' }, 'There is no mapping folder "shp". There are: shop.'],
    [{ body: 'nowhere.json' }, 'There is no file nowhere.json.'],
    [{ headers: 'nowhere.txt' }, 'There is no file nowhere.txt.'],
    [{ stage: 'test' }, 'There is no stage "test". There are: dev, prod.'],
    [{ example: 'shop/x' }, 'not both'],
    [{ accept: true }, '--accept goes with --example'],
  ])('refuses %j', async (options, text) => {
    expect(await map(options)).toEqual({ exitCode: 2, text: expect.stringContaining(text) });
  });

  test('refuses a file without headers', async () => {
    write('paid.txt', 'no header at all');

    expect(await map({})).toMatchObject({
      exitCode: 2,
      text: expect.stringContaining('lines of "Name: value"'),
    });
  });

  test('shows it again when a file is saved, until it is interrupted', async () => {
    const args = ['cli/adapter.ts', 'map', '--mapping', 'stripe', '--body', at('body.json'), '--watch'];
    const child = spawn(process.execPath, args, { cwd: ROOT });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    try {
      await outputWith(child, 'rejected');
      write('body.json', '{"type":"two"}');
      await outputWith(child, 'on two');
    } finally {
      child.kill('SIGINT');
    }

    expect(await ended).toBe(0);
  });
});

function outputWith(child: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`"${text}" was not shown`)), 20_000);
    child.stdout?.on('data', (chunk: Buffer) => {
      if (!chunk.toString('utf8').includes(text)) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

describe('an example', () => {
  const EXAMPLE = `# An order that was paid.
webhook:
  body-file: ../../../body.json
  set: { /note: thanks } # what the customer wrote
  headers: { X-Shopify-Topic: orders/paid }
  received-at: 2025-12-01T01:00:00Z
`;
  const mapExample = (options: MapOptions) => mapCommand(project, { example: 'shop/paid', ...options });
  beforeEach(() => write('mappings/shop/examples/paid.yaml', EXAMPLE));

  test('is mapped by its name, with every digit of its numbers', async () => {
    const { text } = await mapExample({ json: true });

    expect(JSON.parse(text).events[0].payload['event-params']).toEqual({
      total: '820982911946154508',
      note: 'thanks',
    });
  });

  test('records with --accept what it became, and changes nothing else', async () => {
    expect((await validate(project, {})).text).toContain('paid.yaml:2:1  expect  is missing.');

    expect(await mapExample({ accept: true })).toMatchObject({ exitCode: 0 });

    const written = readFileSync(at('mappings/shop/examples/paid.yaml'), 'utf8');
    expect(written.startsWith(EXAMPLE.trimEnd())).toBe(true);
    expect(written).toContain('sends:');
    expect((await validate(project, {})).exitCode).toBe(0);
  });

  test('may be JSON', async () => {
    const text = '{"webhook":{"body":{"x":1},"headers":{"x-shopify-topic":"a/b"}}}';
    write('mappings/shop/examples/other.json', text);

    await mapCommand(project, { example: 'shop/other', accept: true });

    const written = JSON.parse(readFileSync(at('mappings/shop/examples/other.json'), 'utf8'));
    expect(written).toEqual({ ...JSON.parse(text), expect: 'ignored' });
  });

  test('fails the check as soon as it becomes something else', async () => {
    await mapExample({ accept: true });
    write('mappings/shop/mapping.yaml', MAPPING.replace('"{% total %}"', '"{% total & \' EUR\' %}"'));

    expect(await validate(project, {})).toMatchObject({
      exitCode: 1,
      text: expect.stringContaining(
        'paid: event-params.total is "820982911946154508 EUR"; expected "820982911946154508".',
      ),
    });
  });

  test.each(['shop/nothing', 'nobody/paid'])(
    'that does not exist (%s) is refused with those that do',
    async (example) => {
      expect(await mapCommand(project, { example })).toMatchObject({
        exitCode: 2,
        text: expect.stringMatching(/There are: shop/),
      });
    },
  );
});

describe('adapter validate', () => {
  test('counts what is in order, and shows warnings', async () => {
    const { text, exitCode } = await validate(project, {});

    expect(exitCode).toBe(0);
    expect(text).toContain('warning: no example is of its type');
    expect(text.split('\n').at(-1)).toBe('1 mapping folder with 2 events is in order.');
  });

  test('lists problems for machines', async () => {
    write('mappings/shop/mapping.yaml', MAPPING.replace('kind: email', 'kind: e-mail'));
    const { text, exitCode } = await validate(project, { json: true });

    expect(exitCode).toBe(1);
    expect(JSON.parse(text)).toMatchObject([
      { severity: 'error', line: 9, path: 'events[0].event-key.kind', message: expect.any(String) },
    ]);
  });

  test('refuses a wrong stages file', async () => {
    write('stages.yaml', 'dev: {}');

    expect(await validate(project, {})).toMatchObject({
      exitCode: 2,
      text: expect.stringContaining('event-url'),
    });
  });
});

describe('adapter explain-mapping', () => {
  test('says in plain English what a mapping does', async () => {
    const { text, exitCode } = await explainMapping(project, { name: 'shop' });

    expect(exitCode).toBe(0);
    expect(text).toContain(
      'When Shop says orders paid (orders/paid), and the count is above zero and the cancelled at is not there (null counts as there): ' +
        'Webex Campaign is asked for evt_1, for the person whose e-mail address is the email.',
    );
    expect(text).toContain(
      'Skipped unless the count is above zero and the cancelled at is not there (null counts as there).',
    );
    expect(text).toContain(
      'Kept aside as a dead letter when there is no such e-mail address, or without total.',
    );
    expect(text).toContain('Not sent later than 2 days after the created at.');
  });

  test('says what is taken for the same fact', async () => {
    write(
      'mappings/shop/mapping.yaml',
      MAPPING.replace('    required:', '    deduplication-id: "{% order_id %}"\n    required:'),
    );

    expect((await explainMapping(project, { name: 'shop' })).text).toContain(
      '\n  Not sent again for the order id, however often it comes.\n',
    );
  });

  test.each([
    ['event ? true : false', 'the event is there and not empty'],
    ['$boolean(event)', 'the event is there and not empty'],
    ['count > 1 ? true : false', 'the count is above 1'],
    ["data.payments[0].error_code = 'x'", 'the error code of the first of the payments is "x"'],
    ["lines[-1].price.id = 'x'", 'the price id of the last of the lines is "x"'],
    ["items[6].notes[-2] = 'x'", 'number 2 from the end of the notes of number 7 of the items is "x"'],
    ["data[0].email = 'x'", 'the email of the first of the data is "x"'],
    ["lines[kind = 'card'].id = 'x'", 'the id of the lines where the kind is "card" is "x"'],
    [`event ? 'a' : 'b'`, '"a" if the event is there and not empty, else "b"'],
    ['event ? false : true', 'false if the event is there and not empty, else true'],
  ])('says of {%% %s %%} what it asks', async (when, words) => {
    write('mappings/shop/mapping.yaml', MAPPING.replace(/when: .*/, `when: "{% ${when} %}"`));

    expect((await explainMapping(project, { name: 'shop' })).text).toContain(`Skipped unless ${words}.`);
  });

  test.each([
    ['$item.lines[1].id', 'the id of the second of the item’s lines'],
    ['$item[0].id', 'the id of the first of the item'],
    ['$[2].id', 'the id of the third of the webhook'],
    ['$headers.topic', 'the header topic'],
    ['lines[$x].id', 'the id of the lines where x is there and not empty'],
    ['lines.{"a": b}', 'lines.{"a": b}'],
  ])('has words for the path %s, or else shows it', (path, words) => {
    expect(formatValue(`{% ${path} %}`)).toBe(words);
  });

  test('shows a value of the examples beside each parameter', async () => {
    write(
      'mappings/shop/mapping.yaml',
      MAPPING.replace('"{% note %}"', '"{% notes[0].text %}", fixed: "yes"'),
    );
    const body = '{ email: ann@example.com, count: 2, total: 12, notes: [{ text: left at the door }] }';
    const headers = '{ X-Shopify-Topic: orders/paid }';
    write('mappings/shop/examples/paid.yaml', `webhook: { headers: ${headers}, body: ${body} }\n`);
    const { text } = await explainMapping(project, { name: 'shop' });

    expect(text).toContain('    total  the total, as in "12"\n');
    expect(text).toContain(
      '    note   the text of the first of the notes, as in "left at the door", if it is there\n',
    );
    expect(text).toContain('    fixed  "yes"\n');
  });

  test('says how the vendor names an item', async () => {
    const ofHubspot = MAPPING.replace('verify: shopify', 'verify: hubspot-v3').replace(
      '    when:',
      '    items: "{% $ %}"\n    when:',
    );
    write('mappings/shop/mapping.yaml', ofHubspot);

    expect((await explainMapping(project, { name: 'shop' })).text.match(/An item that .*/g)).toEqual([
      'An item that comes again is not sent again. It is known by its subscription id, from object id, to object id, ' +
        'occurred at, event id, or its subscription id, object id, occurred at, event id.',
    ]);
  });

  test('shows the event ids of a stage', async () => {
    expect((await explainMapping(project, { name: 'shop', stage: 'prod' })).text).toContain(
      'asked for evt_9',
    );
  });

  test('says which folders there are', async () => {
    expect(await explainMapping(project, { name: 'shp' })).toMatchObject({ exitCode: 2 });
  });
});
