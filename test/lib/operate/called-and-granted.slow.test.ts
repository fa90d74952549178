import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { dropDeadLetters, listDeadLetters } from '../../../cli/dead-letters/list.ts';
import { replayCommand } from '../../../cli/dead-letters/replay.ts';
import { showDeadLetter } from '../../../cli/dead-letters/show.ts';
import { rotateSecret, showSecrets } from '../../../cli/secrets/rotate.ts';
import { explain } from '../../../cli/webhooks/explain.ts';
import { send } from '../../../cli/webhooks/send.ts';
import { succeed } from '../../../lambdas/result.ts';
import { readTemplate } from '../../../local/emulator/template.ts';
import { type DeliverLine, type LocalRun, type LogLine, startLocalRun } from '../../../local/run.ts';
import { SIX_SECRETS, SIX_SOURCES } from '../../fixtures/six-sources.ts';
import { createAdapter } from './adapter-under-test.ts';
import { type RecordedCall, startRecorder } from './call-record.ts';
import { constructOf, rolesOf } from './role-grants.ts';

const PROJECT = { mappings: SIX_SOURCES, stagesFile: '/nowhere' };

/** What Lambda itself does with a role: it writes the log, and its poller takes messages off the buffer. */
const WRITE_LOG = ['logs:CreateLogStream', 'logs:PutLogEvents'];
const BY_LAMBDA: Readonly<Record<string, readonly string[]>> = {
  Ingest: WRITE_LOG,
  Deliver: [
    ...WRITE_LOG,
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:GetQueueUrl',
    'sqs:ReceiveMessage',
  ],
};

/** What only a message that has been received hundreds of times needs (`FRESH_COPY_RECEIVES`). */
const RARE: readonly string[] = ['sqs:SendMessage on BufferQueue'];

const calls: RecordedCall[] = [];
const recorders: { readonly stop: () => Promise<void> }[] = [];
let run: LocalRun;
/** The construct of each resource, by its name at the service. */
let constructs: ReadonlyMap<string, string>;
let roles: ReturnType<typeof rolesOf>;

beforeAll(async () => {
  const recorded = async (url: string) => {
    const recorder = await startRecorder(url, (call) => calls.push(call));
    recorders.push(recorder);
    return recorder.url;
  };
  const started = await startLocalRun({
    ...{ port: 0, speed: 60, mappings: SIX_SOURCES, readSecrets: () => SIX_SECRETS },
    standBetween: async ({ sqs, secretsManager, dynamoDb }) => ({
      sqs: await recorded(sqs),
      secretsManager: await recorded(secretsManager),
      dynamoDb: await recorded(dynamoDb),
    }),
  });
  if (!started.ok) throw new Error(started.failure);
  run = started.value;
  const template = await readTemplate(run.assembly, 'webhook-adapter-local');
  roles = { ...rolesOf(template), ...rolesOf(Template.fromStack(stackWithOperators()).toJSON()) };
  constructs = new Map(Object.entries(template.Resources).map(([id, one]) => [nameOf(one), constructOf(id)]));
}, 240_000);
afterAll(async () => {
  await run.stop();
  for (const { stop } of recorders) await stop();
});

/** Queues, tables and secrets have their names in the template. */
function nameOf({ Properties }: { readonly Properties: unknown }): string {
  const { QueueName, TableName, Name } = Properties as Readonly<Record<string, unknown>>;
  return String(QueueName ?? TableName ?? Name);
}

/** An adapter's stack with a role for each of its grants to people. */
function stackWithOperators(): Stack {
  const { stack, adapter } = createAdapter();
  const give = (id: string, grant: (role: Role) => unknown) =>
    grant(new Role(stack, id, { assumedBy: new AccountRootPrincipal() }));
  give('Reader', (role) => adapter.grantRead(role));
  give('Operator', (role) => adapter.grantOperate(role));
  give('SecretSetter', (role) => adapter.grantSetSecrets(role));
  return stack;
}

const account = () => ({ port: Number(new URL(run.stack.url).port) });

async function sendSample(sample: string): Promise<void> {
  const sent = await send(SIX_SOURCES, { ...account(), source: 'stripe', sample });
  expect(sent.text).toContain('buffered');
}

/** Waits for the line of an event that ended so. */
function lineWith(outcome: string): Promise<DeliverLine | undefined> {
  return run.lines.find(
    (line) => (line.stage === 'deliver' && line.outcome === outcome ? line : undefined),
    60_000,
  );
}

/** Every end that an event can come to, and every kind of call that is made for it. */
async function playAll(): Promise<void> {
  run.simulator?.script([{ status: 429, body: { code: 429 }, headers: { 'retry-after': '1' } }]);
  await sendSample('invoice.paid');
  expect(await lineWith('retry-later')).toBeDefined();
  expect(await lineWith('delivered')).toBeDefined();
  await sendSample('invoice.paid');
  run.simulator?.script([{ status: 200, body: { code: 1002 } }]);
  await sendSample('checkout.session.completed');
  expect(await lineWith('dead-letter')).toBeDefined();
}

async function idOfDeadLetter(): Promise<string> {
  const { text } = await listDeadLetters({ ...account(), json: true });
  return JSON.parse(text)[0]?.id ?? 'none';
}

/** Finds the second dead letter of the run: the one that was replayed. */
function deadLetteredTwice() {
  let seen = 0;
  return (line: LogLine) => {
    if (line.stage === 'deliver' && line.outcome === 'dead-letter') seen += 1;
    return seen > 1 ? line : undefined;
  };
}

function grantedTo(role: string): readonly string[] {
  return (roles[role] ?? []).map(({ action, resource }) => kindOf(`${action} on ${resource}`));
}

function calledWith(accessKey: RegExp, from = 0): readonly string[] {
  const own = calls.slice(from).filter((call) => accessKey.test(call.accessKey));
  const all = own.map(({ action, resource }) => `${action} on ${constructs.get(resource) ?? resource}`);
  return [...new Set(all.map(kindOf))];
}

describe('in a run in which every kind of event comes to its end,', () => {
  beforeAll(playAll, 180_000);

  test.each(['Ingest', 'Deliver'])(
    'the function %s calls what its role is granted, and nothing else',
    (stage) => {
      const granted = grantedTo(`${stage}FunctionRole`);
      const called = calledWith(new RegExp(`${stage}Function`));

      expect(called.length).toBeGreaterThan(2);
      expect(called.filter((call) => !granted.includes(call))).toEqual([]);
    },
  );

  test.each(['Ingest', 'Deliver'])(
    'the role of %s is granted nothing that its function never calls',
    (stage) => {
      const called = calledWith(new RegExp(`${stage}Function`));
      const byLambda = BY_LAMBDA[stage] ?? [];
      const unused = grantedTo(`${stage}FunctionRole`)
        .map(kindOf)
        .filter((grant) => !called.includes(grant) && !byLambda.includes(grant.split(' on ')[0] ?? ''));

      expect(unused).toEqual(stage === 'Deliver' ? RARE : []);
    },
  );

  const COMMANDS = {
    Reader: [
      () => listDeadLetters(account()),
      async () => showDeadLetter(PROJECT, { ...account(), id: await idOfDeadLetter() }),
      () => explain(PROJECT, { ...account(), id: 'an id that is nobody’s' }),
    ],
    Operator: [
      async () =>
        replayCommand(PROJECT, { ...account(), ids: [await idOfDeadLetter()], rate: 10, late: true }),
      async () => {
        expect(await run.lines.find(deadLetteredTwice(), 60_000)).toBeDefined();
        return dropDeadLetters({ ...account(), ids: [], all: true, reason: 'a test', yes: true });
      },
    ],
    SecretSetter: [
      () => showSecrets(PROJECT, { ...account(), name: 'stripe' }),
      () =>
        rotateSecret(PROJECT, { ...account(), name: 'stripe' }, async () =>
          succeed({ value: 'whsec_another_of_stripe_0d2f' }),
        ),
    ],
  };

  test.each(Object.entries(COMMANDS))(
    'the commands of a %s call what it is granted, and nothing else',
    async (role, commands) => {
      const granted = grantedTo(role);
      const before = calls.length;
      run.simulator?.script([{ status: 200, body: { code: 1002 } }]);
      for (const command of commands) expect(await command()).toMatchObject({ text: expect.any(String) });
      const called = calledWith(/^local$/, before);

      expect(called.length).toBeGreaterThan(1);
      expect(called.filter((call) => !granted.includes(call))).toEqual([]);
    },
    120_000,
  );

  test('the record tells the functions and the commands apart', () => {
    expect(new Set(calls.map(({ accessKey }) => constructOf(accessKey)))).toEqual(
      new Set(['IngestFunction', 'DeliverFunction', 'local']),
    );
  });
});

/** Of many signing secrets not every one need be read in a run. */
function kindOf(call: string): string {
  return call.replace(/(IngestSigningSecret).*/, '$1');
}
