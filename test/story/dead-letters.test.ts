import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { openBuffer, openDeadLetterQueue, putMessage } from '../../answers/dead-letters/queue.ts';
import { type Account, openAccount, type Project } from '../../answers/project.ts';
import type { Ask } from '../../cli/command-line.ts';
import { dropDeadLetters, listDeadLetters } from '../../cli/dead-letters/list.ts';
import { replayCommand } from '../../cli/dead-letters/replay.ts';
import { showDeadLetter } from '../../cli/dead-letters/show.ts';
import { pauseCommand, resumeCommand } from '../../cli/stacks/pause.ts';
import { showStatus } from '../../cli/stacks/status.ts';
import { erase } from '../../cli/webhooks/erase.ts';
import { explain } from '../../cli/webhooks/explain.ts';
import { tail } from '../../cli/webhooks/tail.ts';
import { replayedMessage } from '../../lambdas/buffer/message.ts';
import { type DeliveryStory, isEnd, startDeliveryStory } from './delivery-story.ts';
import type { EventCall } from './webex-campaign.ts';

// An event API whose event definition demands the parameter "note", and that answers the first call of some unclearly.
let story: DeliveryStory;
let project: Project;
let port: number;
let account: Account;

beforeAll(async () => {
  story = await startDeliveryStory(10, answer);
  port = Number(new URL(story.run.stack.url).port);
  project = {
    mappings: await mkdtemp(join(tmpdir(), 'mended-')),
    stagesFile: fileURLToPath(new URL('../../stages.yaml', import.meta.url)),
  };
  await cp(fileURLToPath(new URL('./mappings', import.meta.url)), project.mappings, { recursive: true });
  const opened = await openAccount({ port });
  if (!opened.ok) throw new Error(opened.failure);
  account = opened.value;
}, 240_000);

afterAll(async () => {
  await story.stop();
  await rm(project.mappings, { recursive: true, force: true });
});

/** The progress that commands report: kept out of the report of the tests. */
const progress: string[] = [];
beforeEach(() => {
  progress.length = 0;
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => progress.push(String(text)) > 0);
});
afterEach(() => {
  jest.restoreAllMocks();
});

function answer({ key, note }: EventCall, callsBefore: number) {
  const told = { code: 1002, description: `Mandatory parameter "note" is missing for ${key}` };
  if (note === undefined || (note === 'refused-first' && callsBefore === 0))
    return { status: 200, body: JSON.stringify(told) };
  if (note === 'unclear' && callsBefore === 0) return { status: 500, body: '' };
  return { status: 200, body: `{"transaction-id":"event_of_${key}"}` };
}

const list = async (filters: object = {}) =>
  JSON.parse((await listDeadLetters({ port, json: true, ...filters })).text);
const replay = (options: object) =>
  replayCommand(project, { port, ids: [], rate: 100, by: 'ann', ...options });
const explainId = async (id: string) => (await explain(project, { port, id })).text;
const delivered = (key: string) => story.line(key, ({ outcome }) => outcome === 'delivered');

async function idOf(key: string): Promise<string> {
  const deadLetters: { id: string; deduplicationId: string }[] = await list();
  return deadLetters.find(({ deduplicationId }) => deduplicationId === `id_${key}`)?.id ?? '';
}

describe('an event that Webex Campaign refuses, until its mapping is mended', () => {
  test('is found, understood, mended, replayed and delivered once, and its story says so', async () => {
    await story.post('parked', 'mended');
    await story.line('mended', isEnd);

    expect((await listDeadLetters({ port })).text).toMatch(
      /^1 dead letter, by cause \("--all" lists each\):\n\n1 {2}webex-mandatory-field-missing {2}stripe parked\n {2}oldest {3}\d+ (s|min) ago, [0-9a-f]{8}\n {2}answer {3}HTTP 200, code 1002: ".*"\n {2}next {5}npm run -s adapter -- dead-letter show [0-9a-f]{8}\n\nTwo clocks: those of the queues and of the deliver function go 10 times as fast/,
    );
    const listed = (await listDeadLetters({ port, all: true })).text;
    expect(listed).toContain('webex-mandatory-field-missing  (deliver)');
    expect(listed).toContain('HTTP 200, code 1002: "Mandatory parameter "note" is missing for •••"');
    expect(listed).toContain('By code:\n  1  webex-mandatory-field-missing');
    expect(await listDeadLetters({ port, code: 'no-mapping' })).toEqual({
      text: 'No dead letter matches (1 in the queue).',
      exitCode: 0,
    });
    expect((await listDeadLetters({ port, source: 'strpe' })).text).toBe(
      'No dead letter matches (1 in the queue). None is of the source "strpe". Did you mean "stripe"?',
    );

    const id = await idOf('mended');
    const shown = (await showDeadLetter(project, { port, id })).text;
    expect(shown).toContain('parked: failed (webex-mandatory-field-missing)  ← this one');
    expect(shown).toContain('event-key  6 bytes');
    expect(shown).not.toContain('event-key  mended');
    expect(shown).toContain('still the one that it failed with');
    expect((await showDeadLetter(project, { port, id, values: true })).text).toContain('event-key  mended');

    await mend();
    expect(await story.run.redeploy(project.mappings)).toEqual({ ok: true });
    expect((await showDeadLetter(project, { port, id })).text).toContain(
      'has changed since (it was version ',
    );

    const code = 'webex-mandatory-field-missing';
    const rehearsed = await replay({ code, dryRun: true });
    expect([rehearsed.exitCode, await list()]).toMatchObject([0, [{ code }]]);
    expect(await replay({ code })).toMatchObject({ exitCode: 0, text: expect.stringContaining('1 of 1') });
    expect(await delivered('mended')).toMatchObject({ attempts: 2, transactionId: 'event_of_mended' });

    expect(await list()).toEqual([]);
    const text = await explainId('id_mended');
    expect(text).toContain('verified by the newest signing secret (index 0)');
    expect(text).toContain('matched parked');
    expect(text).toContain(
      'parked: called Webex Campaign: webex-mandatory-field-missing (HTTP 200, code 1002)',
    );
    expect(text).toMatch(
      /webex-mandatory-field-missing \(HTTP 200, code 1002\)\n +event evt_\d+; no parameters\n +Webex Campaign said: "Mandatory parameter "note" is missing for •••"/,
    );
    expect(text).toContain('ann replayed the dead letter of parked');
    expect(text).toContain('parameters note (4 bytes)');
    expect(text).toContain('parked: ACCEPTED by Webex Campaign.');
    expect(text).toContain('Accepted is not the same as on her phone');
    expect(text).toContain('ask Cisco for the "Event transaction details" of event_of_mended');
    expect(await explainId('event_of_mended')).toBe(text);
    const ours = /our id of this delivery: (\S+)/.exec(text)?.[1] ?? '';
    expect(await explainId(ours)).toBe(text);
    expect(story.callsAbout('mended')).toHaveLength(2);
  }, 60_000);
});

describe('a replay', () => {
  test('that crashed before it removed the dead letter repeats nothing when it is done again', async () => {
    await story.post('parked', 'crashed', { note: 'refused-first' });
    await story.line('crashed', isEnd);
    const id = await idOf('crashed');
    const deadLetter = (await story.deadLetters()).find(({ messageId }) => messageId.startsWith(id));
    if (deadLetter === undefined) throw new Error('There is no dead letter.');
    const entries = await story.ledger();
    const entry = entries.find(({ webhook, state }) => webhook?.S === 'stripe#id_crashed' && state);
    const plain = { events: [{ event: 'parked', revision: Number(entry?.revision?.N) }] };
    const { sqs, stackName } = account;
    await putMessage(sqs, await openBuffer(sqs, stackName), replayedMessage(deadLetter, plain));
    await delivered('crashed');

    expect(await list({ event: 'parked' })).toMatchObject([{ id }]);
    expect(await replay({ ids: [id] })).toMatchObject({ exitCode: 0 });
    expect(await story.line('crashed', ({ outcome }) => outcome === 'duplicate')).toMatchObject({
      code: 'already-delivered',
    });
    expect(story.callsAbout('crashed')).toHaveLength(2);
    expect(await list({ event: 'parked' })).toEqual([]);
  }, 60_000);

  test('leaves what may have been accepted where it is; --unconfirmed with its id sends it once', async () => {
    await story.post('parked', 'unclear', { note: 'unclear' });
    await story.line('unclear', isEnd);
    const id = await idOf('unclear');
    const judged =
      'parked: stays, as it may have been accepted: only "replay ID --unconfirmed" sends it again';
    expect((await showDeadLetter(project, { port, id })).text).toContain(`A replay now:\n  ${judged}`);
    expect((await replay({ ids: [id], dryRun: true })).text).toContain(judged);

    expect(await replay({ code: 'unconfirmed' })).toMatchObject({
      exitCode: 1,
      text: expect.stringContaining('only "replay ID --unconfirmed" sends it again'),
    });
    expect(await replay({ all: true, unconfirmed: true })).toMatchObject({ exitCode: 2 });
    expect(story.callsAbout('unclear')).toHaveLength(1);
    expect(await explainId('id_unclear')).toContain(`dead-letter replay ${id} --unconfirmed`);

    expect(await replay({ ids: [id], unconfirmed: true })).toMatchObject({ exitCode: 0 });
    expect(await delivered('unclear')).toMatchObject({ attempts: 2 });
    expect(story.callsAbout('unclear')).toHaveLength(2);
  }, 60_000);

  test('delivers what SQS itself had moved here as any other webhook', async () => {
    await moveHere('moved');

    expect(await list({ code: 'moved-by-sqs' })).toMatchObject([
      { stage: 'buffer', deduplicationId: 'id_moved' },
    ]);
    expect(await replay({ code: 'moved-by-sqs' })).toMatchObject({ exitCode: 0 });
    expect(await delivered('moved')).toMatchObject({ event: 'parked' });
  }, 60_000);

  test('goes no faster than its rate, and reports its progress', async () => {
    for (let number = 0; number < 26; number += 1) await moveHere(`many_${number}`);
    const begun = performance.now();

    const { text, exitCode } = await replay({ code: 'moved-by-sqs', rate: 20, json: true });

    expect(performance.now() - begun).toBeGreaterThanOrEqual(25 * 50);
    const replaying = progress.filter((line) => line.startsWith('Replaying'));
    expect(replaying).toEqual([6, 12, 18, 24].map((count) => `Replaying: ${count} of 26 …\n`));
    expect(exitCode).toBe(0);
    expect(JSON.parse(text)).toHaveLength(26);
    expect(JSON.parse(text)).toContainEqual(
      expect.objectContaining({ outcome: 'replayed', source: 'stripe', deduplicationId: 'id_many_25' }),
    );
  }, 60_000);
});

describe('Ctrl-C', () => {
  test('ends a replay after the dead letter that it is at; the others are told, and shown again at once', async () => {
    const keys = ['cut_1', 'cut_2', 'cut_3'];
    for (const key of keys) await moveHere(key);
    const controller = new AbortController();
    const options = { port, ids: [], code: 'moved-by-sqs', rate: 0.05, by: 'ann' };
    const replaying = replayCommand(project, options, controller.signal);
    const first = await Promise.race(keys.map(delivered));
    expect((await listDeadLetters({ port })).text).toMatch(
      /^2 dead letters are held by another command or reader/,
    );
    expect(await explainId('id_unknown_while_held')).toContain(
      'it is a dead letter that cannot be read now: 2 dead',
    );
    controller.abort();

    const { text, exitCode } = await replaying;
    expect([exitCode, text]).toEqual([
      130,
      expect.stringMatching(/1 of 3 went back .* Interrupted: 2 were not reached, and left as before\.$/),
    ]);
    const left: { deduplicationId: string }[] = await list({ code: 'moved-by-sqs' });
    expect(left.map(({ deduplicationId }) => deduplicationId)).toHaveLength(2);
    expect(left).not.toContainEqual(expect.objectContaining({ deduplicationId: first?.deduplicationId }));
  }, 60_000);

  test('while the queue is read, or at the question, changes nothing', async () => {
    const before = await list();
    expect(before).toHaveLength(2);
    const all = { port, ids: [], all: true, by: 'ann' };
    expect(await replayCommand(project, { ...all, rate: 100 }, AbortSignal.abort())).toEqual({
      text: 'Interrupted while the queue was read: nothing was changed.',
      exitCode: 2,
    });
    const controller = new AbortController();
    const interrupt = async () => {
      controller.abort();
      return true;
    };
    const dropping = dropDeadLetters({ ...all, reason: 'arrived' }, interrupt, controller.signal);
    expect(await dropping).toEqual({ text: 'Nothing was dropped.', exitCode: 1 });
    expect(await list()).toEqual(before);
    expect(await replay({ code: 'moved-by-sqs' })).toMatchObject({ exitCode: 0 });
  }, 60_000);
});

/** Puts a webhook where SQS puts what the deliver function has crashed on again and again. */
async function moveHere(key: string): Promise<void> {
  const { sqs, url } = await openDeadLetterQueue(account);
  const attributes = {
    version: '2',
    'webhook-id': `crash-loop-${key}`,
    source: 'stripe',
    'event-type': 'parked',
    'deduplication-id': `id_${key}`,
    'received-at': new Date().toISOString(),
    body: 'json utf-8',
  };
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: url,
      MessageBody: JSON.stringify({ type: 'parked', id: `id_${key}`, key, note: 'here' }),
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
      ),
    }),
  );
}

describe('a dead letter that is dropped', () => {
  const drop = (options: object, ask?: Ask) =>
    dropDeadLetters({ port, ids: [], by: 'bob', reason: 'arrived, says Cisco', ...options }, ask);

  test('goes only after a yes; the ledger keeps who dropped it and why', async () => {
    await story.post('parked', 'dropped', { note: 'unclear' });
    await story.line('dropped', isEnd);
    const ids = [await idOf('dropped')];

    expect(await drop({ ids })).toMatchObject({ exitCode: 2, text: expect.stringContaining('--yes') });
    expect(await drop({ ids }, async () => false)).toMatchObject({ exitCode: 1 });
    expect(await drop({ ids, reason: ' ' }, async () => true)).toMatchObject({ exitCode: 2 });
    expect(await drop({ ids, dryRun: true })).toMatchObject({ exitCode: 0 });
    expect(await list({ event: 'parked' })).toHaveLength(1);

    expect(
      await drop({ ids }, async (question) => question.includes('Drop 1 dead letter? Its webhook is gone')),
    ).toMatchObject({
      exitCode: 0,
    });
    expect(await list({ event: 'parked' })).toEqual([]);
    const text = await explainId('id_dropped');
    expect(text).toContain('bob dropped the dead letter of parked (unconfirmed): "arrived, says Cisco"');
    expect(text).toContain('NOT KNOWN whether it was sent');
  }, 60_000);
});

describe('a customer', () => {
  const kim = (options: object = {}) => ({ port, customer: 'kim', kind: 'customer-id', ...options }) as const;
  const find = async (options: object = {}) => explain(project, kim(options));

  test('is found by her key: all her events, newest first, each with its verdict and the id of its story', async () => {
    await story.post('fresh', 'kim', { id: 'id_kim_1', note: 'n', at: new Date().toISOString() });
    await story.post('fresh', 'other', { note: 'n', at: new Date().toISOString() });
    await story.line('other', ({ outcome }) => outcome === 'delivered');
    await story.post('refused-by-map', 'kim', { id: 'id_kim_2', amount: {} });
    await story.line('kim_2', ({ outcome }) => outcome === 'dead-letter');

    const { text, exitCode } = await find();
    const { events } = JSON.parse((await find({ json: true })).text);

    expect(exitCode).toBe(0);
    expect(text).toMatch(
      /^\S+Z {2}stripe {2}fresh: ACCEPTED by Webex Campaign\.\n +npm run -s adapter -- explain id_kim_1\n/,
    );
    expect(events).toEqual([
      {
        ...{ receivedAt: expect.any(String), source: 'stripe', event: 'fresh', state: 'delivered' },
        ...{ verdict: 'fresh: ACCEPTED by Webex Campaign.', id: 'id_kim_1' },
      },
    ]);
    expect(text).toMatch(/Nobody can tell whose 1 dead letter is/);
  }, 60_000);

  test.each([
    [{ customer: 'kim', kind: undefined }, 'What kind of key is it? Give --kind'],
    [{ customer: 'kim', kind: 'email' }, 'This is no e-mail address'],
    [{ customer: 'kim', id: 'id_kim_1' }, 'one of the two'],
    [{ customer: undefined }, 'one of the two'],
  ])('is not looked for by %j', async (options, sentence) => {
    expect(await find(options)).toEqual({ exitCode: 2, text: expect.stringContaining(sentence) });
  });

  test('is erased after a dry run; her event keeps its end, so that the vendor cannot repeat it', async () => {
    expect((await erase(project, kim())).text).toMatch(
      /^This would be erased \(a dry run; --yes does it\):\n {2}1 event of the ledger/,
    );
    expect((await find()).exitCode).toBe(0);

    const receipt = await erase(project, kim({ yes: true, by: 'ann' }));

    expect(receipt.text).toMatch(/^Erased on \S+Z by ann:\n {2}1 event of the ledger/);
    expect(receipt.text).not.toContain('kim');
    expect((await find()).exitCode).toBe(1);
    const ledger = await story.ledger();
    const kept = ledger.find(({ webhook }) => webhook?.S?.endsWith('id_kim_1') === true);
    expect(Object.keys(kept ?? {})).not.toEqual(expect.arrayContaining(['eventKeyHash']));
    expect(kept).toMatchObject({ state: { S: 'delivered' } });
    await story.post('fresh', 'kim', { id: 'id_kim_1', note: 'n', at: new Date().toISOString() });
    await story.post('fresh', 'after', { note: 'n', at: new Date().toISOString() });
    await story.line('after', ({ outcome }) => outcome === 'delivered');
    expect(story.callsAbout('kim')).toHaveLength(1);
  }, 60_000);
});

describe('a paused source', () => {
  test('is called for nothing until it is resumed; then all that waited is delivered once', async () => {
    const paused = await pauseCommand(project, {
      port,
      source: 'stripe',
      by: 'ann',
      reason: 'wrong amounts',
    });
    expect(paused).toMatchObject({ exitCode: 0, text: expect.stringContaining('stripe is paused since') });
    // As long as a worker may believe what it knew before.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    for (const key of ['held_1', 'held_2'])
      await story.post('fresh', key, { note: 'n', at: new Date().toISOString() });
    await story.run.lines.find(
      (line) => ('code' in line && line.code === 'paused-by-person') || undefined,
      20_000,
    );
    expect([story.callsAbout('held_1'), story.callsAbout('held_2')]).toEqual([[], []]);
    expect(await explainId('id_held_1')).toContain('(stripe is paused since');

    expect((await resumeCommand({ port, source: 'stripe', by: 'bob' })).text).toContain('Resumed: stripe.');
    await delivered('held_1');
    await delivered('held_2');
    expect([story.callsAbout('held_1').length, story.callsAbout('held_2').length]).toEqual([1, 1]);
    expect(await resumeCommand({ port, all: true })).toEqual({ exitCode: 1, text: 'No such pause is on.' });
  }, 90_000);

  test.each([
    [{}, 'one of the two'],
    [{ source: 'stripe', all: true }, 'one of the two'],
    [{ source: 'strpe' }, 'Did you mean "stripe"?'],
  ])('is not paused by %j', async (choice, sentence) => {
    expect(await pauseCommand(project, { port, ...choice })).toEqual({
      exitCode: 2,
      text: expect.stringContaining(sentence),
    });
  });
});

describe('the status', () => {
  test('says on one screen what is paused, what waits, what the hour came to, and what needs a person', async () => {
    await pauseCommand(project, { port, all: true, by: 'ann' });
    const { text, exitCode } = await showStatus(project, { port });
    await resumeCommand({ port, all: true });
    const after: { part: string; todo?: string }[] = JSON.parse(
      (await showStatus(project, { port, json: true })).text,
    );

    expect(exitCode).toBe(1);
    expect(text).toMatch(/^! paused {8}All sources are paused since \S+Z by ann\n +to do: resume/m);
    expect(text).toMatch(/^ {2}buffer {8}\d+ waiting for a worker/m);
    expect(text).toMatch(/^ {2}keys {10}in use: primary$/m);
    expect(text).toMatch(/^ {2}last hour {5}[1-9]\d* delivered, [1-9]\d* dead-lettered/m);
    expect(text).toMatch(/^! dead letters {2}\d+: .*value-not-text 1.*\n +to do: /m);
    expect(after.map(({ part }) => part).slice(0, 3)).toEqual(['endpoint', 'paused', 'buffer']);
    expect(after.find(({ part }) => part === 'paused')).toEqual({ part: 'paused', state: 'nothing' });
  }, 60_000);
});

describe('the story of a webhook', () => {
  test('with an unknown id says where it may be', async () => {
    expect(await explain(project, { port, id: 'evt_nowhere' })).toMatchObject({
      exitCode: 1,
      text: expect.stringContaining('No webhook with the id evt_nowhere was found'),
    });
    expect(progress).toEqual([expect.stringContaining("No vendor's id is evt_nowhere")]);
  });

  test('that was too old says that nothing was sent, and why', async () => {
    await story.post('fresh', 'stale', { at: '2020-01-01T00:00:00Z', note: 'old' });
    await story.line('stale', isEnd);

    expect(await explainId('id_stale')).toContain('fresh: NOT SENT. It was older than its max-age');
    expect(story.callsAbout('stale')).toEqual([]);
  });
});

test('tail prints a line for each webhook as it happens, until it is ended', async () => {
  const controller = new AbortController();
  const lines: string[] = [];
  const followed = tail({ port }, controller.signal, (text) => lines.push(text));
  await new Promise((resolve) => setTimeout(resolve, 300));
  await story.post('parked', 'tailed', { note: 'here' });
  await delivered('tailed');
  await new Promise((resolve) => setTimeout(resolve, 100));
  controller.abort();

  expect(await followed).toEqual({ text: '', exitCode: 0 });
  expect(lines).toMatchObject([
    expect.stringContaining('Two clocks: those of the queues'),
    expect.stringMatching(/ingest\s+buffered\s+stripe parked\s+id_tailed/),
    expect.stringMatching(/deliver\s+delivered\s+stripe parked\s+id_tailed\s+HTTP 200\s+event_of_tailed/),
  ]);
});

test('the same commands find a stack on AWS by its name alone', async () => {
  const { endpoints, region } = story.run.stack;
  const environment = { ...process.env };
  Object.assign(process.env, {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamoDb,
  });
  try {
    const options = { port: 1, stack: account.stackName };
    expect(await listDeadLetters(options)).toMatchObject({ exitCode: 0 });
    expect(await explain(project, { ...options, id: 'id_mended' })).toMatchObject({
      exitCode: 0,
      text: expect.stringContaining('ACCEPTED'),
    });
  } finally {
    process.env = environment;
  }
});

/** The mapping gives every event a note from here on. */
async function mend(): Promise<void> {
  const file = join(project.mappings, 'stripe', 'mapping.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('note: "{% note %}"', `note: "{% $exists(note) ? note : 'none' %}"`));
}
