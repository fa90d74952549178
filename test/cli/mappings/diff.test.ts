import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type DiffOptions, diff } from '../../../cli/mappings/diff.ts';
import { type AccountServer, startAccountServer } from '../account-server.ts';

const MAPPING = `
source: shop
verify: shopify
secret: webhooks/shop
event-type: { body: /type }
events:
  - name: order-paid
    on: order.paid
    event-id: evt_1
    event-key: { kind: email, value: "{% email %}" }
    event-params: { amount: "{% total %}", channel: shop }
  - name: order-sent
    on: order.sent
    event-id: evt_2
    event-key: { kind: email, value: "{% email %}" }
    event-params: { parcel: "{% parcel %}" }
  - name: trial-ending
    on: trial.ending
    event-id: evt_3
    event-key: { kind: email, value: "{% email %}" }
`;

/** What a pull request changes: a parameter has another name, a condition is tighter, an event has another name. */
const CHANGED = MAPPING.replace('amount: "{% total %}"', 'sum: "{% total %}"')
  .replace('    event-id: evt_2', '    when: "{% weight > 5 %}"\n    event-id: evt_2')
  .replace('name: trial-ending', 'name: trial-ends-soon');

const EXAMPLES = {
  paid: { comment: 'Ann has paid.', body: { type: 'order.paid', email: 'ann@example.com', total: '30.00' } },
  'paid-by-bea': { body: { type: 'order.paid', email: 'bea@example.com', total: '4.50' } },
  'sent-heavy': { body: { type: 'order.sent', email: 'ann@example.com', parcel: 'p_1', weight: 9 } },
  'sent-light': {
    comment: 'A small parcel is on its way.',
    body: { type: 'order.sent', email: 'cem@example.com', parcel: 'p_2', weight: 1 },
  },
  'trial-ending': { body: { type: 'trial.ending', email: 'dan@example.com' } },
};

let template: string;
let root: string;
let server: AccountServer;

const DEAD_LETTER = {
  body: JSON.stringify({ type: 'order.sent', email: 'secret@example.com', parcel: 'p_secret', weight: 2 }),
  attributes: {
    version: '2',
    'webhook-id': 'ours',
    source: 'shop',
    'event-type': 'order.sent',
    'deduplication-id': 'o_1',
    'received-at': '2026-11-24T12:00:00.000Z',
    body: 'json utf-8',
  },
};

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'diff-template-'));
  write(template, 'mappings/shop/mapping.yaml', MAPPING);
  for (const [name, { body, ...more }] of Object.entries(EXAMPLES)) {
    const comment = 'comment' in more ? `# ${more.comment}\n` : '';
    write(
      template,
      `mappings/shop/examples/${name}.yaml`,
      `${comment}${JSON.stringify({ webhook: { body } })}`,
    );
  }
  git(template, 'init', '--initial-branch=main');
  git(template, 'add', '.');
  commit(template, 'Add a mapping');
  const held = { deadLetter: DEAD_LETTER, items: [], secret: '', lines: [], answer: '' };
  server = await startAccountServer(() => held);
});
afterAll(() => {
  server.stop();
  rmSync(template, { recursive: true });
});
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'diff-'));
  cpSync(template, root, { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

function write(directory: string, file: string, text: string): void {
  const path = join(directory, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function git(directory: string, ...words: readonly string[]): string {
  return execFileSync('git', ['-C', directory, ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

function commit(directory: string, message: string): void {
  git(directory, '-c', 'user.name=ann', '-c', 'user.email=ann@example.com', 'commit', '-am', message);
}

const change = (text: string) => write(root, 'mappings/shop/mapping.yaml', text);

function run(options: Partial<DiffOptions> = {}) {
  const project = { mappings: join(root, 'mappings'), stagesFile: join(root, 'stages.yaml') };
  return diff(project, { port: server.port, ...options });
}

/** Each change as message, class and subject. */
async function changes(options: Partial<DiffOptions> = {}): Promise<readonly string[]> {
  const { text } = await run({ ...options, format: 'json' });
  const {
    messages,
  }: { messages: { event: string; changes: { class: string; subject?: string; stages: string[] }[] }[] } =
    JSON.parse(text);
  return messages.flatMap(({ event, changes: found }) =>
    found.map(({ class: name, subject }) => [event, name, subject].filter(Boolean).join(' ')),
  );
}

describe('adapter diff, of mappings that name event definitions', () => {
  const contract = (id: string) =>
    write(
      root,
      'webex-events.yaml',
      `paid: { event-id: ${id}, key: email, parameters: { amount: {}, channel: {} } }\n`,
    );
  const NAMED = MAPPING.replace('event-id: evt_1', 'definition: paid');

  test('finds no difference where a bare id gets the name of its definition', async () => {
    contract('evt_1');
    change(NAMED);

    expect(await changes({ base: 'main' })).toEqual([]);
  });

  test('finds another id in the contract file, by the file of each side', async () => {
    contract('evt_1');
    change(NAMED);
    git(root, 'add', '.');
    commit(root, 'Name a definition');
    contract('evt_9');

    expect(await changes({ base: 'main' })).toEqual(['order-paid other-definition']);
  });
});

describe('adapter diff, of a pull request that renames a parameter, tightens a condition and renames an event', () => {
  beforeEach(() => {
    git(root, 'checkout', '-b', 'change');
    change(CHANGED);
    commit(root, 'Change the mapping');
  });

  test('names exactly these, against the main branch', async () => {
    expect(await changes()).toEqual([
      'order-paid parameter-added sum',
      'order-paid parameter-removed amount',
      'order-sent no-longer-sent',
      'trial-ends-soon identity-changed',
    ]);
  });

  test('says it for a terminal', async () => {
    const { text, exitCode } = await run();

    expect(exitCode).toBe(0);
    expect(text).toContain('; tried with 5 examples; stage default.');
    expect(text).toContain('  parameter-removed  amount (now sum)  2 of 2');
    expect(text).toContain('    shop/sent-light: cem@example.com: not sent: the weight is 1, not above 5');
    expect(text).toContain('    shop/sent-heavy: still sent: the weight is 9, above 5');
    expect(text).toContain('shop: trial-ends-soon (before: trial-ending, without "formerly")');
    expect(text).toContain(
      '3 messages: parameter-added, parameter-removed, no-longer-sent, identity-changed',
    );
  });

  test('says in Markdown what was compared, and that the numbers are of test cases', async () => {
    const { text } = await run({ format: 'markdown' });

    expect(text).toContain('Compared with **the merge base with main (');
    expect(text).toContain('Tried with 5 examples, for the stage default. Nothing was sent to anybody.');
    expect(text).toContain(
      'These are test cases, not customers: how many customers this meets is not known here.',
    );
    expect(text).toContain('| message | what changes | of the cases tried |');
    expect(text).not.toMatch(/\| +\|$/m);
  });

  test('says in Markdown what to do in Webex Campaign for a renamed parameter, and shows its value once', async () => {
    const { text } = await run({ format: 'markdown' });

    expect(text).toContain(
      '| **order-paid** (shop) | the parameter `amount` is **now called** `sum` | 2 of 2 |',
    );
    expect(text).toContain(
      '- Add the parameter `sum` to the event definition `evt_1`, and use it in its texts in the place of `amount`.',
    );
    expect(text).toContain('- Keep `amount` until the change is deployed');
    expect(text).toContain("Sent on Shop's `order.paid`. In the tests 2 led to it before, 2 now.");
    expect(text).toContain('The value is the same in both. One of them:');
    expect(text.match(/^\| .*`shop\/paid/gm)).toHaveLength(1);
    expect(text).toContain('<details><summary>For developers: what was edited in the mapping</summary>\n\n|');
  });

  test('says in Markdown by which values a message is not sent, and which case still is', async () => {
    const { text } = await run({ format: 'markdown' });

    expect(text).toContain('It is now sent **if the weight is above 5**. Before, it was sent **always**.');
    expect(text).toContain(
      '| A small parcel is on its way. (`shop/sent-light`) | parcel: `p_2` | the weight is 1, not above 5 |',
    );
    expect(text).toContain('| `shop/sent-heavy` | parcel: `p_1` | the weight is 9, above 5 |');
    expect(text).toMatch(
      /### order-sent \(shop\)\n\n\*\*What to do in Webex Campaign before the deployment:\*\* Nothing\.\n/,
    );
  });

  test('says in Markdown once that a renamed message can be sent again, and how to prevent it', async () => {
    const { text } = await run({ format: 'markdown' });

    expect(text.match(/does not recognise what was sent under the old name/g)).toHaveLength(1);
    expect(text).toContain('if Shop repeats a webhook or somebody replays a dead letter (a message that');
    expect(text.match(/formerly: \[trial-ending\]/g)).toEqual(['formerly: [trial-ending]']);
    expect(text).toContain('`formerly: [trial-ending]`: then nobody gets it twice.');
  });

  test('ends with 1 for a class that is asked for, whatever the format', async () => {
    expect(await run({ failOn: 'newly-sent, other-person' })).toMatchObject({ exitCode: 0 });
    for (const format of ['text', 'json', 'markdown'] as const) {
      expect(await run({ failOn: 'newly-sent,no-longer-sent', format })).toMatchObject({ exitCode: 1 });
    }
  });

  test('compares with any ref, and with a directory of mapping folders', async () => {
    expect(await changes({ base: 'HEAD' })).toEqual([]);
    expect(await changes({ base: 'main' })).toHaveLength(4);
    expect(await changes({ base: join(template, 'mappings') })).toHaveLength(4);
  });

  test('changes neither index nor work tree', async () => {
    write(root, 'mappings/shop/examples/new.yaml', '{}');
    git(root, 'add', '.');
    const before = [git(root, 'status', '--porcelain'), git(root, 'diff', '--cached')];
    await run();

    expect([git(root, 'status', '--porcelain'), git(root, 'diff', '--cached')]).toEqual(before);
  });

  test('tries dead letters where it is asked to, and shows nothing of theirs', async () => {
    for (const format of ['text', 'json', 'markdown'] as const) {
      const { text } = await run({ deadLetters: true, format });

      expect(text).toContain('dead letter 1f3c9a2b');
      expect(text).not.toMatch(/secret@example|p_secret/);
    }
  });
});

describe('adapter diff', () => {
  test('says that nothing changes', async () => {
    expect(await run()).toMatchObject({ exitCode: 0, text: expect.stringContaining('Nothing differs.') });
    expect((await run({ format: 'markdown' })).text).toContain('customers get the same messages as before');
  });

  test('tries the examples of before, too: a change of an example hides none of the mapping', async () => {
    change(CHANGED);
    rmSync(join(root, 'mappings/shop/examples/trial-ending.yaml'));
    write(
      root,
      'mappings/shop/examples/sent-light.yaml',
      JSON.stringify({ webhook: { body: { ...EXAMPLES['sent-light'].body, weight: 8 } } }),
    );
    const { text } = await run({ base: 'main' });

    expect(text).toContain('shop/sent-light (as it was): cem@example.com: not sent');
    expect(text).toContain('shop/trial-ending: dan@example.com');
  });

  test('finds what another stage alone has otherwise', async () => {
    const stages =
      'dev: { event-url: "https://a.example.com/e" }\nprod: { event-url: "https://b.example.com/e" }\n';
    write(root, 'stages.yaml', stages);
    change(MAPPING.replace('event-id: evt_1', 'event-id: { dev: evt_d, prod: evt_1 }'));
    git(root, 'add', '.');
    commit(root, 'Add stages');
    change(MAPPING.replace('event-id: evt_1', 'event-id: { dev: evt_d, prod: evt_9 }'));
    const { messages } = JSON.parse((await run({ base: 'HEAD', format: 'json' })).text);

    expect(messages[0].changes).toMatchObject([{ class: 'other-definition', stages: ['prod'] }]);
    expect(await changes({ base: 'HEAD', stage: 'dev' })).toEqual([]);
    const { text } = await run({ base: 'HEAD', format: 'markdown' });
    expect(text).toContain('Event definition: `evt_9` instead of `evt_1` in stage prod.');
    expect(text).toContain('until the deployment: `evt_9` instead of `evt_1` in stage prod.');
  });

  test('names event definitions beside their ids, those of before too', async () => {
    const contract = 'receipt: { event-id: evt_1, key: email, parameters: { amount: {}, channel: {} } }\n';
    write(root, 'webex-events.yaml', contract);
    git(root, 'add', '.');
    commit(root, 'Add the contract');
    write(root, 'webex-events.yaml', contract.replaceAll('receipt', 'thanks').replace('evt_1', 'evt_9'));
    change(MAPPING.replace('event-id: evt_1', 'event-id: evt_9'));
    const { text } = await run({ base: 'HEAD', format: 'markdown' });

    expect(text).toContain('| receipt (`evt_1`) | thanks (`evt_9`) |');
    expect(text).toContain(
      '- Have the new event definition ready, with the message that it triggers, and keep the old one until the deployment: thanks (`evt_9`) instead of receipt (`evt_1`).',
    );
    expect((await run({ base: 'HEAD' })).text).toContain(
      '  event definition   thanks (evt_9) instead of receipt (evt_1)',
    );
  });

  test('says what each change asks of Webex Campaign', async () => {
    change(
      MAPPING.replace('amount: "{% total %}", channel: shop', 'channel: web, first: "{% email %}"')
        .replace(
          'kind: email, value: "{% email %}" }\n    event-params: { parcel',
          'kind: customer-id, value: "{% email %}" }\n    event-params: { parcel',
        )
        .replace('name: trial-ending', 'name: trial-ends-soon\n    formerly: [trial-ending]'),
    );
    const { text } = await run({ base: 'main', format: 'markdown' });

    expect(text).toContain('- Mark `amount` as not mandatory in the event definition `evt_1`, and have its');
    expect(text).toContain(
      '- Add the parameter `first` to the event definition `evt_1`, if it does not have',
    );
    expect(text).toContain('- Read the texts that use `channel`: do they fit the new values below?');
    expect(text).toContain('- Make sure that the event definition takes the key `customer-id`.');
    expect(text).not.toContain('nobody gets it twice');
    // The persons of these cases differ, and are shown.
    expect(text).toContain('| Ann has paid. (`shop/paid`) | `ann@example.com` | `shop` | `web` |');
  });

  test('asks for the event definition of a new message, and for an example that shows it', async () => {
    const event = "{ name: refunded, on: order.refunded, event-id: evt_4, event-key: '{% email %}' }";
    change(`${MAPPING}  - ${event}\n`);
    const { text } = await run({ base: 'main', format: 'markdown' });

    expect(text).toContain('- Have the event definition `evt_4` ready, and the message that it triggers.');
    expect(text).toContain('**No case shows what this does.** Add an example before you merge it.');
  });

  test('says that a rename without "formerly" can send again, where no case shows it', async () => {
    change(MAPPING.replace('name: trial-ending', 'name: trial-ends-soon'));
    rmSync(join(root, 'mappings/shop/examples/trial-ending.yaml'));
    git(root, 'add', '.');
    commit(root, 'Rename it');
    change(MAPPING);
    const { text } = await run({ base: 'HEAD', format: 'markdown' });

    expect(text).toContain('|  | customers who got it **can get it again** | no case shows it |');
    expect(text.match(/formerly: \[trial-ends-soon\]/g)).toHaveLength(1);
  });

  test('says which stages are new, and compares the others', async () => {
    write(root, 'stages.yaml', 'dev: { event-url: "https://a.example.com/e" }\n');
    git(root, 'add', '.');
    commit(root, 'Add a stage');
    const prod = 'prod: { event-url: "https://b.example.com/e" }\n';
    write(root, 'stages.yaml', `dev: { event-url: "https://a.example.com/e" }\n${prod}`);

    expect((await run({ base: 'HEAD' })).text).toMatch(
      /Not compared, as HEAD \(\w+\) does not have it: stage prod\./,
    );
  });

  test.each([
    [
      'a ref that there is not',
      { base: 'nowhere' },
      'nowhere is neither a directory nor a git ref that is known here.',
    ],
    ['an option in the place of a ref', { base: '--all' }, '--all is neither a directory nor a git ref'],
    [
      'classes that there are not',
      { failOn: 'newly-snet,x' },
      '"newly-snet" is no class. Did you mean "newly-sent"?',
    ],
    ['a stage that there is not', { stage: 'prod' }, 'There is no stage "prod". There are: default.'],
    [
      'a local run that does not answer',
      { deadLetters: true, port: 1 },
      'Nothing answers at http://127.0.0.1:1',
    ],
  ])('refuses %s', async (_, options, sentence) => {
    expect(await run(options)).toMatchObject({ exitCode: 2, text: expect.stringContaining(sentence) });
  });

  test('says with 2 which mappings of before cannot be read, by their path and line', async () => {
    change(MAPPING.replace('event-id: evt_2', 'evnt-id: evt_2'));
    commit(root, 'Break it');
    change(MAPPING);
    const { text, exitCode } = await run({ base: 'HEAD' });

    expect(exitCode).toBe(2);
    expect(text).toMatch(/^The mappings of HEAD \(\w{8}\) cannot be read by this version:\n/);
    expect(text).toMatch(
      /mappings\/shop\/mapping\.yaml:\d+:\d+ {2}events\[1\]\.evnt-id {2}is not a known key/,
    );
    expect(text).not.toContain('webhook-adapter-base-');
  });

  test('says with 2 what is wrong with those of today', async () => {
    change('nonsense');

    expect(await run({ base: 'main' })).toMatchObject({
      exitCode: 2,
      text: expect.stringContaining('The mappings have problems:'),
    });
  });

  test('needs a main branch, or to be told what to compare with', async () => {
    git(root, 'branch', '-m', 'main', 'elsewhere');

    expect(await run()).toEqual({
      exitCode: 2,
      text: 'No main branch is known here. Name what to compare with: --base REF.',
    });
  });

  test('takes all for new where there was no mapping', async () => {
    git(root, 'checkout', '--orphan', 'empty');
    git(root, 'rm', '-r', '--cached', 'mappings');
    git(
      root,
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@example.com',
      'commit',
      '--allow-empty',
      '-m',
      'Begin',
    );

    expect(await changes({ base: 'empty' })).toEqual([
      'order-paid newly-sent',
      'order-sent newly-sent',
      'trial-ending newly-sent',
    ]);
  });
});
