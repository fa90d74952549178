import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { parse } from 'yaml';
import { formatProblems } from '../../../lib/config/file.ts';
import { docsPage } from '../../../lib/config/terminal.ts';
import { contractJsonSchema, parseContract } from '../../../lib/mapping/contract.ts';
import { checkStageMappings, readMappingFolders } from '../../../lib/mapping/folders.ts';
import { resolveMapping } from '../../../lib/mapping/schema.ts';

const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true });
});

const CONTRACT = `
order-paid:
  event-id: { dev: evt_1, prod: evt_9 }
  key: email
  owner: billing@example.com
  parameters:
    total: { mandatory: true, example: "12.50" }
    note: {}
    channel: {}
`;

const MAPPING = `source: shop
verify: shopify
secret: webhooks/shop
let: { sum: "{% total %}" }
defaults:
  event-params: { channel: shop }
events:
  - name: paid
    on: orders/paid
    definition: order-paid
    event-key: { kind: email, value: "{% email %}" }
    event-params:
      total: "{% $sum %}"
      note: "{% note %}"
    required: [total]
`;

const EXAMPLE = `webhook:
  body: { email: ann@example.com, total: "5", note: thanks }
  headers: { X-Shopify-Topic: orders/paid }
expect:
  - event: paid
    sends:
      event-id: evt_1
      event-key: ann@example.com
      event-params: { channel: shop, total: "5", note: thanks }
`;

type Project = { readonly contract?: string; readonly mapping?: string; readonly example?: string };

/** A project with a stage dev and a stage prod; returns its directory. */
function projectWith({ contract = CONTRACT, mapping = MAPPING, example = EXAMPLE }: Project): string {
  const directory = mkdtempSync(join(tmpdir(), 'contract-'));
  directories.push(directory);
  const files = {
    'webex-events.yaml': contract,
    'mappings/shop/mapping.yaml': mapping,
    'mappings/shop/examples/paid.yaml': example,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    if (text !== '') writeFileSync(join(directory, name), text);
  }
  return directory;
}

type Checked = Project & {
  readonly today?: string;
  readonly placeholders?: readonly string[];
  readonly selected?: readonly string[];
};

/** The problems of such a project, a line each, with its directory left out. */
async function check({ today = '2026-06-01', placeholders = [], selected, ...project }: Checked) {
  const directory = projectWith(project);
  const { problems } = await checkStageMappings(['dev', 'prod'], () => join(directory, 'mappings'), {
    contractFile: join(directory, 'webex-events.yaml'),
    today: new Date(`${today}T23:00:00Z`),
    placeholders,
    selected,
  });
  const text = formatProblems(problems).replaceAll(`${relative(process.cwd(), directory)}/`, '');
  return text === '' ? [] : text.split('\n');
}

describe('a contract file', () => {
  test('that fits its mappings has no problems, and gives each stage its id', async () => {
    expect(await check({})).toEqual([]);

    const [file] = mappingsIn(projectWith({}));
    const idOf = (stage: string) => file && resolveMapping(file, stage).events[0]?.['event-id'];
    expect([idOf('dev'), idOf('prod')]).toEqual(['evt_1', 'evt_9']);
  });

  test('with ten different mistakes is answered with all ten, each at its line', () => {
    const text = `Order-Paid:
  event-id: evt_1
  key: email
refunded:
  event-id: { dev: evt_2, prd: evt_3 }
  key: e-mail
  paramters: {}
  parameters:
    total: { mandatory: yes, example: 12.50 }
    note: { example: "null" }
  valid-from: 2026-06-01
  valid-until: 2026-05-31
shipped:
  event-id: { dev: evt_2 }
  parameters: []
  valid-until: 2026-02-30
`;
    const { problems } = parseContract('webex-events.yaml', text, ['dev', 'prod']);

    expect(formatProblems(problems).split('\n')).toEqual([
      'webex-events.yaml:1:1  Order-Paid  expected lower-case words joined by "-"',
      'webex-events.yaml:5:27  refunded.event-id.prd  is not a stage. Did you mean "prod"?',
      'webex-events.yaml:6:3  refunded.key  expected one of: text, device, customer-id, email, msisdn; found "e-mail".',
      'webex-events.yaml:7:3  refunded.paramters  is not a known key. Did you mean "parameters"?',
      'webex-events.yaml:9:14  refunded.parameters.total.mandatory  expected true or false, found the string yes.',
      'webex-events.yaml:9:30  refunded.parameters.total.example  expected text (quote it), found the number 12.5.',
      'webex-events.yaml:10:13  refunded.parameters.note.example  reads "null", which Webex Campaign refuses as a value. Write what is meant.',
      'webex-events.yaml:12:3  refunded.valid-until  is before "valid-from": the definition would be valid on no day. Correct one of the two.',
      'webex-events.yaml:13:1  shipped.key  is missing. Add it.',
      'webex-events.yaml:14:15  shipped.event-id.dev  is the id of "refunded" too. Give each definition its own, or remove one of the two.',
      'webex-events.yaml:15:3  shipped.parameters  expected keys and values, found a list.',
      'webex-events.yaml:16:3  shipped.valid-until  expected a day: "2027-06-30"',
    ]);
  });

  test.each([
    ['order-paid: [', /^webex-events\.yaml:2:1 {2}is not valid YAML/],
    ['- order-paid', /^webex-events\.yaml:1:1 {2}expected keys and values, found a list\.$/],
  ])('that is %j is reported alone: no mapping can be checked by it', async (contract, problem) => {
    expect(await check({ contract: `${contract}\n` })).toEqual([expect.stringMatching(problem)]);
  });

  test('with a mistake in one definition is checked in all others', async () => {
    const contract = `${CONTRACT}refunded:\n  event-id: evt_2\n  key: fax\n`;
    const mapping = MAPPING.replace('note:', 'nota:');

    expect(await check({ contract, mapping: `${mapping}${REFUNDED}` })).toEqual([
      'webex-events.yaml:12:3  refunded.key  expected one of: text, device, customer-id, email, msisdn; found "fax".',
      expect.stringMatching(/mapping\.yaml:14:7 .*is no parameter of "order-paid"/),
    ]);
  });

  test('may have as many parameters as Webex Campaign takes', () => {
    const with_ = (count: number) =>
      parseContract('f', JSON.stringify({ a: { 'event-id': 'evt_1', key: 'text', parameters: many(count) } }))
        .problems;
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`p${at}`, {}]));

    expect(with_(400)).toEqual([]);
    expect(with_(401)).toMatchObject([
      { message: 'has 401 parameters; Webex Campaign takes 400. Remove some.' },
    ]);
  });

  test('may share an id between stages, as several tenants may have the same', () => {
    const text = 'a: { event-id: { dev: evt_1 }, key: text }\nb: { event-id: { prod: evt_1 }, key: text }\n';

    expect(parseContract('f', text).problems).toEqual([]);
    expect(parseContract('f', text.replace('{ prod: evt_1 }', 'evt_1')).problems).toHaveLength(1);
  });
});

const REFUNDED = `  - name: refunded
    on: refunds/create
    definition: refunded
    event-key: "{% email %}"
`;

function mappingsIn(directory: string) {
  const files = readMappingFolders(join(directory, 'mappings'), ['dev', 'prod']);
  if (!files.ok) throw new Error(formatProblems(files.failure));
  return files.value;
}

describe('a mapping', () => {
  test.each([
    [
      'names a definition that there is not',
      { mapping: MAPPING.replace('order-paid', 'order-payd') },
      'mappings/shop/mapping.yaml:10:5  events[0].definition  "order-payd" is no definition of webex-events.yaml. Did you mean "order-paid"?',
    ],
    [
      'names a definition where there is no file',
      { contract: '' },
      `mappings/shop/mapping.yaml:10:5  events[0].definition  there is no webex-events.yaml that has "order-paid". Write one beside stages.yaml (${docsPage('contract.md')}), or say "event-id: evt_…" here.`,
    ],
    [
      'has a definition and an id',
      { mapping: MAPPING.replace('order-paid', 'order-paid\n    event-id: evt_1') },
      'mappings/shop/mapping.yaml:11:5  events[0].event-id  is the definition’s. Remove it here.',
    ],
    [
      'has neither',
      { mapping: MAPPING.replace('    definition: order-paid\n', '') },
      'mappings/shop/mapping.yaml:8:5  events[0].definition  is missing. Name a definition of webex-events.yaml, or add an event-id.',
    ],
    [
      'has another kind of key',
      { mapping: MAPPING.replace('kind: email', 'kind: customer-id') },
      'mappings/shop/mapping.yaml:11:18  events[0].event-key.kind  is a key of kind "customer-id"; "order-paid" has the kind "email" (webex-events.yaml:4). Make them the same.',
    ],
    [
      'has a key without a kind',
      { mapping: MAPPING.replace('{ kind: email, value: "{% email %}" }', '"{% email %}"') },
      'mappings/shop/mapping.yaml:11:5  events[0].event-key  is a key of kind "text"; "order-paid" has the kind "email" (webex-events.yaml:4). Make them the same.',
    ],
    [
      'sends a parameter that the definition does not have',
      { mapping: MAPPING.replace('note:', 'nte:') },
      'mappings/shop/mapping.yaml:14:7  events[0].event-params.nte  is no parameter of "order-paid" (webex-events.yaml:6). Did you mean "note"?',
    ],
    [
      'sends one with every event',
      { contract: CONTRACT.replace('    channel: {}\n', '') },
      'mappings/shop/mapping.yaml:6:19  defaults.event-params.channel  is no parameter of "order-paid" (webex-events.yaml:6). Add it there, or remove it here.',
    ],
    [
      'does not send a mandatory parameter: both lines are named',
      { contract: `${CONTRACT}    loyalty: { mandatory: true }\n` },
      'mappings/shop/mapping.yaml:12:5  events[0].event-params  does not have "loyalty", a mandatory parameter of "order-paid" (webex-events.yaml:10): Webex Campaign would refuse the event (1002). Add it here, or make it optional there.',
    ],
  ])('that %s is refused', async (_, project, problem) => {
    expect((await check(project)).filter((line) => !line.includes('examples/'))).toEqual([problem]);
  });

  test('that is wrong in many ways is told all of them', async () => {
    const mapping = MAPPING.replace('kind: email', 'kind: text')
      .replace('note:', 'nota:')
      .replace('required: [total]', 'requird: [total]');

    expect(
      (await check({ mapping, contract: `${CONTRACT}    loyalty: { mandatory: true }\n` })).map(placeOf),
    ).toEqual([
      'mappings/shop/mapping.yaml:11:18',
      'mappings/shop/mapping.yaml:12:5',
      'mappings/shop/mapping.yaml:14:7',
      'mappings/shop/mapping.yaml:15:5',
    ]);
  });
});

const placeOf = (line: string) => line.split('  ')[0];

describe('a mandatory parameter that may be missing', () => {
  const optional = MAPPING.replace('    required: [total]\n', '');
  const MESSAGE = (when: string) =>
    `mappings/shop/mapping.yaml:13:7  events[0].event-params.total  may be missing (${when}), and is mandatory in "order-paid" (webex-events.yaml:7): ` +
    'Webex Campaign would refuse the event (1002). Add "total" to "required", or write a value for that case: "{% … ?: \'text\' %}".';

  test('is found by an example that is sent without it', async () => {
    const example = EXAMPLE.replaceAll(', total: "5"', '');

    expect(await check({ mapping: optional, example })).toContain(
      MESSAGE('the example shop/paid is sent without it'),
    );
  });

  test('is found by an example with a member that is null, through the definitions under "let"', async () => {
    expect(await check({ mapping: optional })).toEqual([
      MESSAGE('as in the example shop/paid if /total is null'),
    ]);
  });

  test('is found by one with a member left out, where null is a text', async () => {
    const mapping = optional.replace('"{% $sum %}"', "\"{% $type(total) = 'null' ? '0' : total %}\"");

    expect(await check({ mapping })).toEqual([MESSAGE('as in the example shop/paid if /total is left out')]);
  });

  test('is found in items', async () => {
    const mapping = optional
      .replace('definition:', 'items: "{% lines %}"\n    definition:')
      .replace('$sum', '$item.price.total')
      .replace('{% note %}', 'none');
    const example = EXAMPLE.replace(
      'total: "5", note: thanks',
      'lines: [{ price: { total: "5" } }, { price: { total: "6" } }]',
    );

    const problems = await check({ mapping, example });

    expect(problems.find((line) => line.includes('may be missing'))).toContain(
      '(as in the example shop/paid if /lines/0/price/total is null)',
    );
  });

  test.each([
    ['it is required: the event is a dead letter, and no call', MAPPING],
    ['it has a value for that case', optional.replace('$sum', "$sum ?: 'unknown'")],
    ['it is a literal', optional.replace('"{% $sum %}"', '"5"')],
    [
      'the event is skipped then',
      optional.replace('definition:', 'when: "{% $sum ? true : false %}"\n    definition:'),
    ],
  ])('is no problem where %s', async (_, mapping) => {
    expect((await check({ mapping })).filter((line) => line.includes('may be missing'))).toEqual([]);
  });
});

describe('a stage', () => {
  test('needs an id of every definition that it sends', async () => {
    const contract = CONTRACT.replace(', prod: evt_9', '');

    expect(await check({ contract })).toEqual([
      'webex-events.yaml:3:3  order-paid.event-id  has no id for the stage "prod", which sends this message. Add it: prod: evt_…',
    ]);
    expect(await check({ contract, selected: ['dev'] })).toEqual([]);
    expect(
      await check({
        contract: `${contract}unused: { event-id: { dev: evt_3 }, key: text }\n`,
        selected: ['dev'],
      }),
    ).toEqual([]);
  });

  test.each(['evt_10000000000001', 'evt_…', 'evt_...', '<your id>', 'placeholder'])(
    'may have the placeholder %s only if it says so',
    async (id) => {
      const contract = CONTRACT.replace('evt_9', JSON.stringify(id));
      const [problem, ...others] = await check({ contract });

      expect(others).toEqual([]);
      expect(problem).toContain(`webex-events.yaml:3:27  order-paid.event-id.prod  "${id}" is a placeholder`);
      expect(problem).toContain('put its id here: event-id: { prod: evt_… }');
      expect(await check({ contract, placeholders: ['prod'] })).toEqual([]);
    },
  );

  test('may not have a placeholder in a mapping either', async () => {
    const bare = (id: string) => MAPPING.replace('definition: order-paid', `event-id: ${id}`);
    const found = await check({ mapping: bare('{ dev: evt_1, prod: evt_90000000000001 }') });

    expect(found.filter((line) => !line.includes('hint'))).toEqual([
      expect.stringContaining(
        'mapping.yaml:10:29  events[0].event-id.prod  "evt_90000000000001" is a placeholder',
      ),
    ]);
    expect(
      await check({
        mapping: bare('evt_14296935520105'),
        example: EXAMPLE.replace('evt_1', 'evt_14296935520105'),
      }),
    ).toEqual([expect.stringContaining('hint: ')]);
  });

  /** The day so many days after the first of June 2026. */
  const dayAfter = (days: number) => new Date(Date.UTC(2026, 5, 1 + days)).toISOString().slice(0, 10);

  test('is warned of a definition that ends within 30 days, and refused one that has ended', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -400, max: 400 }), async (days) => {
        const contract = `${CONTRACT}  valid-until: ${dayAfter(days)}\n`;
        const found = await check({ contract });
        const severity = found.map((line) => (line.includes('warning: ') ? 'warning' : 'error'));
        const wanted = days < 0 ? 'error' : 'warning';

        // Of both stages, which have one day.
        expect(severity).toEqual(days > 30 ? [] : [wanted, wanted]);
      }),
      { numRuns: 25, examples: [[-1], [0], [30], [31]] },
    );
  });

  test('is told the day, the owner, and what to do', async () => {
    const until = (dev: number, prod: number) =>
      `${CONTRACT}  valid-until: { dev: ${dayAfter(dev)}, prod: ${dayAfter(prod)} }\n`;
    const advice =
      'Make it valid for longer in Webex Campaign and here, or remove what sends it. Its owner is billing@example.com.';

    expect(await check({ contract: until(1, -1) })).toEqual([
      `webex-events.yaml:10:18  order-paid.valid-until.dev  warning: ends in 1 day, on 2026-06-02 for the stage "dev". ${advice}`,
      `webex-events.yaml:10:35  order-paid.valid-until.prod  ended on 2026-05-31 for the stage "prod": Webex Campaign would send nothing, and say nothing. ${advice}`,
    ]);
    // What has ended for prod keeps no other stage from being deployed.
    expect(await check({ contract: until(100, -1), selected: ['dev'] })).toEqual([]);
  });

  test('is warned of a definition that has not begun', async () => {
    expect(await check({ contract: `${CONTRACT}  valid-from: { prod: ${dayAfter(1)} }\n` })).toEqual([
      'webex-events.yaml:10:17  order-paid.valid-from.prod  warning: begins on 2026-06-02 for the stage "prod": no message goes out before. Its owner is billing@example.com.',
    ]);
    expect(await check({ contract: `${CONTRACT}  valid-from: ${dayAfter(0)}\n` })).toEqual([]);
  });
});

describe('a bare id', () => {
  const bare = (id: string) => MAPPING.replace('definition: order-paid', `event-id: ${id}`);

  test('works, with a hint at its definition', async () => {
    expect(await check({ mapping: bare('evt_1') })).toEqual([
      'mappings/shop/mapping.yaml:10:5  events[0].event-id  hint: is the id of "order-paid" in webex-events.yaml. Say "definition: order-paid" in its place, and the event is checked against it.',
    ]);
  });

  test('works, with a hint where no definition has it', async () => {
    const example = EXAMPLE.replace('evt_1', 'evt_5');

    expect(await check({ mapping: bare('evt_5'), example })).toEqual([
      'mappings/shop/mapping.yaml:10:5  events[0].event-id  hint: "evt_5" is in no definition of webex-events.yaml, so that nothing checks it. Add one there, and name it here: definition: paid',
    ]);
  });

  test('works without a contract file, with one hint at how to write one', async () => {
    expect(await check({ mapping: bare('evt_1'), contract: '' })).toEqual([
      'webex-events.yaml  hint: is not there, so that nothing checks event ids, keys and parameters: "npm run -s adapter -- events init" writes it.',
    ]);
  });
});

describe('docs/contract.md', () => {
  const page = readFileSync(new URL('../../../docs/contract.md', import.meta.url), 'utf8');

  test('has an example without problems', () => {
    const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const { contract, problems } = parseContract('webex-events.yaml', example, ['dev', 'prod']);

    expect(problems).toEqual([]);
    expect(Object.keys(contract?.definitions ?? {})).toEqual(['payment-failed']);
  });

  test('names every key of the file', () => {
    const { additionalProperties: entry } = contractJsonSchema() as {
      readonly additionalProperties: {
        readonly properties: {
          readonly parameters: { readonly additionalProperties: { readonly properties: object } };
        };
      };
    };
    const { parameters } = entry.properties;
    const keys = [
      ...Object.keys(entry.properties),
      ...Object.keys(parameters.additionalProperties.properties),
    ];
    expect(keys.filter((key) => !page.includes(`\`${key}\``))).toEqual([]);
  });
});

describe('webex-events.schema.json', () => {
  const root = new URL('../../../', import.meta.url);
  const shipped = JSON.parse(readFileSync(new URL('webex-events.schema.json', root), 'utf8'));
  const validate = new Ajv2020({ allErrors: true, strict: false, validateFormats: false }).compile(shipped);
  const flagged = (text: string) => {
    validate(parse(text));
    return (validate.errors ?? []).map(({ instancePath }) => instancePath);
  };

  test('is current: "npm run schema" writes it', () => {
    expect(shipped).toEqual(JSON.parse(JSON.stringify(contractJsonSchema())));
  });

  test.each([
    ['an unknown key', CONTRACT.replace('owner', 'onwer'), '/order-paid'],
    ['an unknown kind of key', CONTRACT.replace('email', 'fax'), '/order-paid/key'],
    ['a missing id', CONTRACT.replace(/ {2}event-id.*\n/, ''), '/order-paid'],
    ['a number as an example', CONTRACT.replace('"12.50"', '12.50'), '/order-paid/parameters/total/example'],
  ])('flags %s where it stands', (_, text, place) => {
    expect(flagged(CONTRACT)).toEqual([]);
    expect(flagged(text)).toContain(place);
  });
});
