import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type CommandResult, run } from '../../cli/command-line.ts';
import { dropDeadLetters, listDeadLetters } from '../../cli/dead-letters/list.ts';
import { replayCommand } from '../../cli/dead-letters/replay.ts';
import { showDeadLetter } from '../../cli/dead-letters/show.ts';
import { diff } from '../../cli/mappings/diff.ts';
import { writePage } from '../../cli/mappings/events.ts';
import { explainMapping } from '../../cli/mappings/explain-mapping.ts';
import { mapCommand } from '../../cli/mappings/map.ts';
import { validate } from '../../cli/mappings/validate.ts';
import { rotateSecret, showSecrets } from '../../cli/secrets/rotate.ts';
import { setSecret } from '../../cli/secrets/set.ts';
import { pauseCommand } from '../../cli/stacks/pause.ts';
import { examine } from '../../cli/webhooks/doctor.ts';
import { explain } from '../../cli/webhooks/explain.ts';
import { report } from '../../cli/webhooks/report.ts';
import { send } from '../../cli/webhooks/send.ts';
import { tail } from '../../cli/webhooks/tail.ts';
import { writeItem } from '../../lambdas/adapters/ledger-item.ts';
import { fail } from '../../lambdas/result.ts';
import { SIX_SOURCES } from '../fixtures/six-sources.ts';
import { type AccountServer, type Held, startAccountServer } from './account-server.ts';

/** Colours the screen, turns the text around, is not seen, and begins a line that looks like ours. */
const HOSTILE = '\u001b[31m\u202e\u200b\u0085\u2028\u{e0041}\n!FORGED';

/** All that must not reach a terminal; line breaks are looked at by themselves. */
const RAW = /[^\n\P{Cc}]|[\p{Cf}\p{Zl}\p{Zp}\p{DI}]/u;

const DEAD_LETTER = {
  type: 'paid',
  id: 'o_1',
  email: 'ann@example.com',
  name: 'Ann',
};

const NOTE = {
  stage: 'deliver',
  code: 'unconfirmed',
  version: 2,
  detail: 'timeout',
  event: 'paid',
  answer: { status: 502, code: '7', description: 'Bad Gateway' },
  transactionId: 'event_1',
  webhookId: 'ours',
  attempts: 1,
  mappingVersion: 'v1',
  deadLetteredAt: '2026-11-24T12:00:00.000Z',
};

const ATTRIBUTES = {
  version: '2',
  'webhook-id': 'ours',
  source: 'shop',
  'event-type': 'paid',
  'deduplication-id': 'o_1',
  'received-at': '2026-11-24T12:00:00.000Z',
  body: 'json utf-8',
  headers: '{}',
};

const NOON = new Date('2026-11-24T12:00:00.000Z');

const ENTRY = writeItem({
  webhook: 'shop#o_1',
  event: 'paid',
  revision: 2,
  state: 'delivered',
  code: 'delivered',
  detail: 'a detail',
  owner: 'worker',
  leaseUntil: NOON,
  attempts: 2,
  firstAttemptAt: NOON,
  lastAttemptAt: NOON,
  deadLetteredAt: NOON,
  webhookId: 'ours',
  receivedAt: NOON,
  mappingVersion: 'v1',
  eventId: 'evt_1',
  parameters: { name: 3 },
  transactionId: 'event_1',
  answer: { status: 200, code: '7', description: 'as it is' },
  expiresAt: NOON,
});

const ACTION = {
  webhook: { S: 'shop#o_1' },
  event: { S: '#action#2026-11-24T12:00:00.000Z#1' },
  action: { S: 'dropped' },
  at: { S: NOON.toISOString() },
  by: { S: 'dan' },
  reason: { S: 'arrived' },
  code: { S: 'unconfirmed' },
  about: { S: 'paid' },
};

const LINE = {
  stage: 'deliver',
  outcome: 'dead-letter',
  code: 'unconfirmed',
  source: 'shop',
  event: 'paid',
  eventTypes: ['paid'],
  deduplicationId: 'o_1',
  transactionId: 'event_1',
  answer: { status: 502, code: '7' },
  detail: 'timeout',
  cause: 'ECONNRESET',
};

const JUST_NOW = { Timestamp: Date.now() };

const REFUSED = { stage: 'ingest', code: 'missing-header', source: 'shop', apiVersion: '2026-04' };

const MAPPING = {
  source: 'shop',
  secret: 'webhooks/shop',
  verify: 'shopify',
  'event-type': [{ body: '/type' }],
  events: [
    {
      name: 'paid',
      on: ['*'],
      when: '{% $exists(id) %}',
      'event-id': 'evt_1',
      'event-key': '{% email %}',
      'event-params': { name: '{% name %}', channel: 'shop' },
    },
  ],
};

const REQUEST = {
  id: 'one',
  method: 'POST',
  url: 'https://example.com/webhooks/shop',
  headers: { 'x-shopify-hmac-sha256': 'AAAA', 'content-type': 'application/json' },
  body: '{}',
  profile: 'shopify',
  secret: 'a secret',
};

/** A document, once for each text in it with the hostile one behind it; for its keys as well. */
function hostileVariants(document: unknown): readonly (readonly [path: string, variant: unknown])[] {
  if (typeof document === 'string') return [['', `${document}${HOSTILE}`]];
  if (typeof document !== 'object' || document === null) return [];
  return Object.entries(document).flatMap(([key, value]) => {
    const put = (variant: unknown) =>
      Array.isArray(document)
        ? document.map((one, index) => (String(index) === key ? variant : one))
        : { ...document, [key]: variant };
    const renamed = Array.isArray(document)
      ? []
      : [[`${key}?`, { ...document, [`${key}${HOSTILE}`]: value }]];
    return [
      ...hostileVariants(value).map(([path, variant]) => [`${key}/${path}`, put(variant)] as const),
      ...(renamed as [string, unknown][]),
    ];
  });
}

let held: Held;
let server: AccountServer;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'untrusted-'));
  server = await startAccountServer(() => held);
});
afterAll(() => {
  server.stop();
  rmSync(directory, { recursive: true });
});

const WELL: Held = {
  deadLetter: {
    body: JSON.stringify(DEAD_LETTER),
    attributes: { ...ATTRIBUTES, note: JSON.stringify(NOTE) },
  },
  items: [ENTRY, ACTION],
  secret: '{"signingSecrets":["one","two"]}',
  lines: [JSON.stringify(LINE)],
  answer: '{"code":"buffered"}',
};

/** Puts a mapping into the project of a test. */
function projectWith(mapping: unknown) {
  const mappings = join(directory, 'mappings');
  mkdirSync(join(mappings, 'shop'), { recursive: true });
  writeFileSync(join(mappings, 'shop', 'mapping.yaml'), JSON.stringify(mapping));
  return { mappings, stagesFile: join(directory, 'stages.yaml') };
}

const CONTRACT = {
  thanks: {
    description: 'Says thanks.',
    owner: 'billing',
    'event-id': { default: 'evt_77' },
    key: 'email',
    'valid-until': '2030-01-01',
    parameters: { note: { example: 'Hello', description: 'What she wrote.' } },
  },
};

function fileWith(content: unknown): string {
  const file = join(directory, 'file.json');
  writeFileSync(file, JSON.stringify(content));
  return file;
}

const STACK = () => ({ port: server.port });

type Command = () => Promise<CommandResult>;

/** A command, all the texts that others can give it, and how it is run with one of them. */
type Case = readonly [document: object, command: (document: never, json: boolean) => Command];

const deadLetterCase = (command: (json: boolean) => Promise<CommandResult>): Case => [
  { body: DEAD_LETTER, attributes: ATTRIBUTES, note: NOTE },
  ({ body, attributes, note }: { body: object; attributes: Record<string, string>; note: object }, json) => {
    const withNote = { ...attributes, note: JSON.stringify(note) };
    held = { ...WELL, deadLetter: { body: JSON.stringify(body), attributes: withNote } };
    return () => command(json);
  },
];

const secretCase = (command: (json: boolean) => Promise<CommandResult>): Case => [
  { secret: 'no JSON', signingSecrets: ['one', 'two'] },
  ({ secret, signingSecrets }: { secret: string; signingSecrets: string[] }, json) => {
    held = { ...WELL, secret: secret === 'no JSON' ? JSON.stringify({ signingSecrets }) : secret };
    return () => command(json);
  },
];

/** By the function that registers each command. */
const CASES: Readonly<Record<string, Case>> = {
  registerList: deadLetterCase(async (json) => {
    if (json) return listDeadLetters({ ...STACK(), json });
    const [grouped, each] = [
      await listDeadLetters(STACK()),
      await listDeadLetters({ ...STACK(), all: true }),
    ];
    return { text: `${grouped.text}\n${each.text}`, exitCode: Math.max(grouped.exitCode, each.exitCode) };
  }),
  registerShow: deadLetterCase((json) =>
    showDeadLetter(projectWith(MAPPING), { ...STACK(), id: '1f3c9a2b', values: true, json }),
  ),
  registerReplay: deadLetterCase((json) =>
    replayCommand(projectWith(MAPPING), { ...STACK(), ids: [], all: true, rate: 1_000, dryRun: true, json }),
  ),
  registerDrop: deadLetterCase((json) =>
    dropDeadLetters({ ...STACK(), ids: [], all: true, reason: `arrived${HOSTILE}`, dryRun: true, json }),
  ),
  registerExplain: [
    { items: [ENTRY, ACTION], letter: { ...ATTRIBUTES, note: JSON.stringify(NOTE) }, id: 'o_1' },
    (
      { items, letter, id }: { items: (typeof ENTRY)[]; letter: Record<string, string>; id: string },
      json,
    ) => {
      held = { ...WELL, items, deadLetter: { body: '{}', attributes: letter } };
      return () => explain(projectWith(MAPPING), { ...STACK(), id, json });
    },
  ],
  registerPause: [
    { by: 'ann', reason: 'wrong' },
    ({ by, reason }: { by: string; reason: string }, json) => {
      held = WELL;
      return () => pauseCommand(projectWith(MAPPING), { ...STACK(), source: 'shop', by, reason, json });
    },
  ],
  registerTail: [
    { line: LINE, text: 'no JSON' },
    ({ line, text }: { line: object; text: string }, json) => {
      held = { ...WELL, lines: [JSON.stringify(line), text.replace('\n', ' ')] };
      return () => tail({ ...STACK(), json }, AbortSignal.timeout(2_000));
    },
  ],
  registerReport: [
    { line: LINE, request: REFUSED },
    ({ line, request }: { line: object; request: object }, json) => {
      held = { ...WELL, lines: [line, request].map((one) => JSON.stringify({ ...one, _aws: JUST_NOW })) };
      const format = json ? 'json' : 'markdown';
      return () => report(projectWith(MAPPING), { ...STACK(), since: 3_600, format });
    },
  ],
  registerSend: [
    { answer: 'buffered' },
    ({ answer }: { answer: string }, json) => {
      held = { ...WELL, answer, secret: '{"signingSecrets":["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]}' };
      return () => send(SIX_SOURCES, { ...STACK(), source: 'stripe', sample: 'invoice.paid', json });
    },
  ],
  registerMap: [
    DEAD_LETTER,
    (body: object, json) => () =>
      mapCommand(projectWith(MAPPING), { mapping: 'shop', body: fileWith(body), json }),
  ],
  registerValidate: [MAPPING, (mapping: object, json) => () => validate(projectWith(mapping), { json })],
  registerDiff: [
    { mapping: MAPPING, body: DEAD_LETTER },
    ({ mapping, body }: { mapping: object; body: object }, json) => {
      held = { ...WELL, deadLetter: { body: JSON.stringify(body), attributes: ATTRIBUTES } };
      const before = join(directory, 'before');
      mkdirSync(join(before, 'shop', 'examples'), { recursive: true });
      writeFileSync(join(before, 'shop', 'mapping.yaml'), JSON.stringify(MAPPING));
      const example = `# ${HOSTILE.replaceAll('\n', ' ')}\n${JSON.stringify({ webhook: { body } })}`;
      writeFileSync(join(before, 'shop', 'examples', 'paid.yaml'), example);
      const format = json ? 'json' : 'markdown';
      return () => diff(projectWith(mapping), { ...STACK(), base: before, deadLetters: true, format });
    },
  ],
  registerExplainMapping: [
    MAPPING,
    (mapping: object) => async () => explainMapping(projectWith(mapping), { name: 'shop' }),
  ],
  registerDoctor: [
    REQUEST,
    (request: object, json) => async () =>
      examine(projectWith(MAPPING).mappings, { request: fileWith(request), json }),
  ],
  registerEvents: [
    CONTRACT,
    (contract: object) => () => {
      const project = { ...projectWith(MAPPING), contractFile: fileWith(contract) };
      return writePage(project, { format: 'markdown' }, new Date());
    },
  ],
  registerStatus: secretCase((json) => showSecrets(projectWith(MAPPING), { ...STACK(), name: 'shop', json })),
  registerSet: secretCase((json) =>
    setSecret(projectWith(MAPPING), { ...STACK(), name: 'shop', json }, async () => fail('nothing')),
  ),
  registerRotate: secretCase((json) =>
    rotateSecret(projectWith(MAPPING), { ...STACK(), name: 'shop', json }, async () => fail('nothing')),
  ),
};

/** They print nothing of what is stored. */
const OF_SECRETS = ['registerStatus', 'registerSet', 'registerRotate'];

/** They print what our own template and stages name, sums of it, ids of ours, and codes: of an answer its digits, of a connection Node's. */
const OF_OUR_OWN = [
  'registerAddSource',
  'registerInit',
  'registerAdopt',
  'registerCheck',
  'registerCost',
  'registerErase',
  'registerStageStatus',
  'registerTest',
];

/** What a command prints, on both streams. */
async function printed(command: Command): Promise<string> {
  const texts: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      texts.push(String(text));
      return true;
    }),
  );
  const { exitCode } = process;
  try {
    await run(command);
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = exitCode;
  }
  return texts.join('');
}

describe('nothing that cannot be seen, and no line of somebody else’s, is printed by', () => {
  test.each(Object.entries(CASES))(
    '%s',
    async (name, [document, command]) => {
      const variants = hostileVariants(document);
      // JSON is escaped in one place for all of it: a part of the texts is enough.
      const runs = [
        ...variants.map((variant) => ({ variant, json: false })),
        ...variants.filter((__, index) => index % 4 === 0).map((variant) => ({ variant, json: true })),
      ];
      let shown = 0;
      for (const { variant, json } of runs) {
        const [path, changed] = variant;
        const text = await printed(command(changed as never, json));
        expect([path, RAW.exec(text)?.[0]]).toEqual([path, undefined]);
        expect([path, text.split('\n').filter((line) => /^\W*!FORGED/.test(line))]).toEqual([path, []]);
        if (text.includes('\\u202e')) shown += 1;
      }
      // Else the texts would not have reached the output, and this would show nothing. Those of secrets never do.
      expect(shown > 0).toBe(!OF_SECRETS.includes(name));
    },
    120_000,
  );

  test('any other command: each has its case here', () => {
    const adapter = readFileSync(new URL('../../cli/register-commands.ts', import.meta.url), 'utf8');
    const registered = new Set(adapter.match(/\bregister[A-Z]\w*/g));

    expect([...registered].toSorted()).toEqual([...Object.keys(CASES), ...OF_OUR_OWN].toSorted());
  });
});
