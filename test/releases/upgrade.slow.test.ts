import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readDeadLetters } from '../../answers/dead-letter.ts';
import { openAccount, PROJECT } from '../../answers/project.ts';
import { replayDeadLetters } from '../../answers/replay.ts';
import { listenOnLoopback } from '../../local/emulator/host.ts';
import { type LocalRun, startLocalRun } from '../../local/run.ts';
import { type LedgerItem, openStack, type StackAccess } from '../../rehearsal/play/stack-access.ts';
import {
  makeVendors,
  postOf,
  secretsOf,
  type Vendor,
  type VendorWebhook,
  writeMappings,
} from '../fixtures/vendor-webhooks.ts';
import { releasedProfiles, synthesizeRelease } from './release-package.ts';

/** The queues' clock: a pause of a minute is one second. A claim of a killed worker still holds 35 true seconds. */
const SPEED = 60;

/** In which state 0.1.0 leaves an event. The customer's key begins with it, so that Webex Campaign knows what to answer. */
const STATES = ['delivered', 'unconfirmed', 'failed', 'waiting', 'expired', 'claimed'] as const;
type State = (typeof STATES)[number];

/** Of these, events are left in the middle of a call. More would not be called at the same time. */
const KILLED = ['hubspot-v3', 'line', 'stripe', 'sendgrid', 'mailgun', 'twilio', 'github', 'mandrill'];

type Call = { readonly whom: string; readonly by: 'release' | 'today'; readonly isAccepted: boolean };

type Answer = { readonly status: number; readonly body: object };

const ACCEPTED: Answer = { status: 200, body: { 'transaction-id': 'event_1' } };

/** What Webex Campaign answers while 0.1.0 runs, and whether it has taken the event; without an answer it hangs. */
const ANSWERS: Readonly<Record<State, { readonly answer?: Answer; readonly isAccepted: boolean }>> = {
  delivered: { answer: ACCEPTED, isAccepted: true },
  unconfirmed: { answer: { status: 200, body: {} }, isAccepted: true },
  failed: {
    answer: { status: 200, body: { code: 1002, description: 'Mandatory field' } },
    isAccepted: false,
  },
  waiting: { answer: { status: 429, body: { code: 429 } }, isAccepted: false },
  expired: { answer: ACCEPTED, isAccepted: true },
  claimed: { isAccepted: true },
};

/** A Webex Campaign that answers by the state in which 0.1.0 is to leave the event; after the upgrade it takes all. */
async function startWebexCampaign() {
  const calls: Call[] = [];
  const phase = { by: 'release' as Call['by'] };
  const server = createServer(async (message, response) => {
    const event = JSON.parse(Buffer.concat(await message.toArray()).toString('utf8'));
    const whom = String(event['event-key']);
    const state = STATES.find((one) => whom.startsWith(`${one}/`));
    const { by } = phase;
    const { answer, isAccepted } =
      by === 'today' || state === undefined ? { answer: ACCEPTED, isAccepted: true } : ANSWERS[state];
    calls.push({ whom, by, isAccepted });
    // So short a pause is over at once: others are called meanwhile.
    const headers = { 'retry-after': '1' };
    if (answer !== undefined) response.writeHead(answer.status, headers).end(JSON.stringify(answer.body));
  });
  const { url, stop } = await listenOnLoopback(server);
  return { eventUrl: `${url}/events`, calls, phase, stop };
}

const released = releasedProfiles();
const vendors = makeVendors().filter(({ name }) => released.includes(name));
const HAPPENED_AT = new Date();

/** One webhook for each state; a batch has all states in one webhook that its items can be in side by side. */
function webhooksOf(vendor: Vendor, state: State): readonly VendorWebhook[] {
  const whomsOf = (one: State) => `${one}/${vendor.name}`;
  const shared = { vendor, id: `${vendor.name}-${state}`, happenedAt: HAPPENED_AT };
  if (state === 'expired') return [{ ...shared, type: 'dated', whoms: [whomsOf(state)] }];
  if (state === 'claimed') {
    return KILLED.includes(vendor.name) ? [{ ...shared, type: 'told', whoms: [whomsOf(state)] }] : [];
  }
  if (!vendor.isBatch) return [{ ...shared, type: 'told', whoms: [whomsOf(state)] }];
  const whoms = (['delivered', 'unconfirmed', 'failed', 'waiting'] as const).map(whomsOf);
  return state === 'waiting' ? [{ ...shared, type: 'told', whoms }] : [];
}

const webhooksIn = (...states: readonly State[]) =>
  vendors.flatMap((vendor) => states.flatMap((state) => webhooksOf(vendor, state)));

/** Takes a webhook to ingest as its vendor would. */
async function send(webhook: VendorWebhook, run: LocalRun, attempt: number): Promise<string> {
  const { url } = run.stack;
  const { path, headers, body } = postOf(webhook, { url, attempt, at: new Date() });
  const response = await fetch(new URL(path, url), { method: 'POST', headers, body: Buffer.from(body) });
  return `${webhook.vendor.name}: ${response.status} ${await response.text()}`;
}

async function sendAll(webhooks: readonly VendorWebhook[], run: LocalRun, attempt: number): Promise<void> {
  for (let from = 0; from < webhooks.length; from += 8) {
    const answers = await Promise.all(webhooks.slice(from, from + 8).map((one) => send(one, run, attempt)));
    expect(answers.filter((answer) => !/^\S+: 200/.test(answer))).toEqual([]);
  }
}

async function until(holds: () => Promise<boolean> | boolean, what: string, seconds = 120): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what} has not come in ${seconds} s.`);
    await wait(250);
  }
}

async function ledgerOf(stack: StackAccess): Promise<readonly LedgerItem[]> {
  const entries: LedgerItem[] = [];
  await stack.eachLedgerEntry((page) => void entries.push(...page));
  return entries;
}

describe('a stack of 0.1.0 that is upgraded in the middle of its work', () => {
  const mappings = mkdtempSync(join(tmpdir(), 'webhook-adapter-upgrade-'));
  let webexCampaign: Awaited<ReturnType<typeof startWebexCampaign>>;
  let run: LocalRun;
  let stack: StackAccess;
  const printed: string[] = [];

  beforeAll(async () => {
    writeMappings(vendors, mappings);
    webexCampaign = await startWebexCampaign();
    const release = await synthesizeRelease(mappings);
    const started = await startLocalRun(
      {
        port: 0,
        speed: SPEED,
        eventUrl: webexCampaign.eventUrl,
        mappings,
        readSecrets: () => ({
          ...secretsOf(vendors),
          'webex-campaign': { primary: 'key-1', secondary: '', hashKey: 'hash-key' },
        }),
      },
      { onText: (text) => printed.push(text) },
    );
    if (!started.ok) throw new Error(started.failure);
    run = started.value;
    stack = openStack(run.stack);
    await release.installInto(run.assembly);
    await run.stack.renewFunctions();
    release.remove();
  }, 240_000);

  afterAll(async () => {
    stack.close();
    await run.stop();
    await webexCampaign.stop();
    rmSync(mappings, { recursive: true });
  });

  const countOf = async (state: State) =>
    (await ledgerOf(stack)).filter(({ state: found, movedTo }) => found?.S === state && movedTo === undefined)
      .length;
  /** Whether the ledger has one event of each vendor in each of these states; batches come with the last of them. */
  const isLeft = async (...states: readonly State[]) => {
    const least = states.includes('waiting')
      ? vendors.length
      : vendors.filter(({ isBatch }) => !isBatch).length;
    const counts = await Promise.all(states.map(countOf));
    return counts.every((count) => count >= least);
  };

  const callsOf = (state: State) => webexCampaign.calls.filter(({ whom }) => whom.startsWith(`${state}/`));
  const whomsOf = (state: State) =>
    state === 'claimed'
      ? KILLED.map((name) => `claimed/${name}`)
      : vendors.map(({ name }) => `${state}/${name}`);
  const acceptedOf = (state: State) =>
    callsOf(state).flatMap(({ whom, isAccepted }) => (isAccepted ? whom : []));

  test('0.1.0 leaves events in every state', async () => {
    await sendAll(webhooksIn('delivered', 'unconfirmed', 'failed', 'expired'), run, 0);
    await until(() => isLeft('delivered', 'unconfirmed', 'failed', 'expired'), 'every end');
    await sendAll(webhooksIn('claimed'), run, 0);
    await until(() => callsOf('claimed').length === KILLED.length, 'a call for each claim', 20);
    await run.stack.killWorkers('Deliver');
    await sendAll(webhooksIn('waiting'), run, 0);
    await until(() => isLeft('delivered', 'unconfirmed', 'failed', 'waiting'), 'every state');

    expect(await countOf('claimed')).toBeGreaterThan(0);
    expect(webexCampaign.calls.every(({ by }) => by === 'release')).toBe(true);
  }, 240_000);

  test("today's code goes on: every vendor repeats every webhook, and nothing is called twice, nothing lost", async () => {
    const redeployed = await run.redeploy();
    expect(redeployed).toEqual({ ok: true, value: undefined });
    webexCampaign.phase.by = 'today';

    await sendAll(webhooksIn(...STATES), run, 1);
    await until(async () => (await stack.bufferDepth()) === 0, 'an empty buffer', 200);

    for (const state of ['delivered', 'waiting', 'unconfirmed', 'claimed'] as const) {
      expect([state, acceptedOf(state).sort()]).toEqual([state, [...whomsOf(state)].sort()]);
    }
    for (const state of ['delivered', 'unconfirmed', 'failed', 'expired', 'claimed'] as const) {
      expect(callsOf(state).filter(({ by }) => by === 'today')).toEqual([]);
    }
  }, 300_000);

  test('the dead letters of 0.1.0 are replayed: what was refused is sent once, what is unsure stays', async () => {
    const { port } = new URL(run.stack.url);
    expect(await countOf('claimed')).toBe(0);

    const replayed = await replayDeadLetters(
      { ...PROJECT, mappings },
      { port: Number(port), ids: [], all: true, rate: 500, by: 'operator' },
    );
    expect(replayed.ok && replayed.value.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    await until(async () => (await stack.bufferDepth()) === 0, 'an empty buffer', 120);

    expect(acceptedOf('failed').sort()).toEqual([...whomsOf('failed')].sort());
    for (const state of ['delivered', 'waiting', 'unconfirmed', 'claimed'] as const) {
      expect([state, acceptedOf(state).sort()]).toEqual([state, [...whomsOf(state)].sort()]);
    }
    expect(callsOf('expired')).toEqual([]);
    const account = await openAccount({ port: Number(port) });
    if (!account.ok) throw new Error(account.failure);
    const letters = await readDeadLetters(account.value);
    expect(letters.map(({ code }) => code)).toEqual(letters.map(() => 'unconfirmed'));
    expect(letters).toHaveLength(vendors.length + KILLED.length);
  }, 300_000);
});
