import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { readDeadLetters } from '../../answers/dead-letters/dead-letter.ts';
import { replayDeadLetters } from '../../answers/dead-letters/replay.ts';
import { openAccount, PROJECT } from '../../answers/project.ts';
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

/** In which state an event is left. The customer's key begins with it, so that Webex Campaign knows what to answer. */
export const STATES = ['delivered', 'unconfirmed', 'failed', 'waiting', 'expired', 'claimed'] as const;
export type State = (typeof STATES)[number];

/** Whose code called. */
type Version = 'release' | 'today';

type Call = { readonly whom: string; readonly by: Version; readonly isAccepted: boolean };

type Answer = { readonly status: number; readonly body: object };

const ACCEPTED: Answer = { status: 200, body: { 'transaction-id': 'event_1' } };

/** What Webex Campaign answers until it is well, and whether it has taken the event; without an answer it hangs. */
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

/** A Webex Campaign that answers by the state in which an event is to be left; once it is well it takes all. */
async function startWebexCampaign() {
  const calls: Call[] = [];
  const phase = { by: 'today' as Version, isWell: false };
  const server = createServer(async (message, response) => {
    const event = JSON.parse(Buffer.concat(await message.toArray()).toString('utf8'));
    const whom = String(event['event-key']);
    const state = STATES.find((one) => whom.startsWith(`${one}/`));
    const { by, isWell } = phase;
    const { answer, isAccepted } =
      isWell || state === undefined ? { answer: ACCEPTED, isAccepted: true } : ANSWERS[state];
    calls.push({ whom, by, isAccepted });
    // So short a pause is over at once: others are called meanwhile.
    const headers = { 'retry-after': '1' };
    if (answer !== undefined) response.writeHead(answer.status, headers).end(JSON.stringify(answer.body));
  });
  const { url, stop } = await listenOnLoopback(server);
  return { eventUrl: `${url}/events`, calls, phase, stop };
}

const HAPPENED_AT = new Date();

type Parts = {
  readonly vendors: readonly Vendor[];
  readonly killed: readonly string[];
  readonly mappings: string;
  readonly webexCampaign: Awaited<ReturnType<typeof startWebexCampaign>>;
  readonly release: Awaited<ReturnType<typeof synthesizeRelease>>;
  readonly run: LocalRun;
};

/**
 * Starts a stack of today on this machine with a source for each profile that 0.1.0 has. Its functions' code can be
 * exchanged for the release's, and back.
 * @param killed the vendors of which an event is left in the middle of a call
 */
export async function startUpgradedStack(killed: readonly string[]): Promise<UpgradedStack> {
  const names = releasedProfiles();
  const vendors = makeVendors().filter(({ name }) => names.includes(name));
  const mappings = mkdtempSync(join(tmpdir(), 'webhook-adapter-upgrade-'));
  writeMappings(vendors, mappings);
  const webexCampaign = await startWebexCampaign();
  const release = await synthesizeRelease(mappings);
  const run = await startLocalRun({
    port: 0,
    speed: SPEED,
    eventUrl: webexCampaign.eventUrl,
    mappings,
    readSecrets: () => ({
      ...secretsOf(vendors),
      'webex-campaign': { primary: 'key-1', secondary: '', hashKey: 'hash-key' },
    }),
  });
  if (!run.ok) throw new Error(run.failure);
  return new UpgradedStack({ vendors, killed, mappings, webexCampaign, release, run: run.value });
}

/** A stack that runs, with the code of one version or the other. */
export class UpgradedStack {
  readonly vendors: readonly Vendor[];
  /** All calls that Webex Campaign has received. */
  readonly calls: readonly Call[];
  readonly port: number;
  readonly stack: StackAccess;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.vendors = parts.vendors;
    this.calls = parts.webexCampaign.calls;
    this.port = Number(new URL(parts.run.stack.url).port);
    this.stack = openStack(parts.run.stack);
  }

  /** Deploys 0.1.0 over what runs. */
  async deployRelease(): Promise<void> {
    const { release, run, webexCampaign } = this.#parts;
    await release.installInto(run.assembly);
    await run.stack.renewFunctions();
    webexCampaign.phase.by = 'release';
  }

  /** Deploys today's code over what runs. */
  async deployToday(): Promise<void> {
    const { run, webexCampaign } = this.#parts;
    expect(await run.redeploy()).toEqual({ ok: true, value: undefined });
    webexCampaign.phase.by = 'today';
  }

  /** From now on, Webex Campaign accepts every event. */
  recover(): void {
    this.#parts.webexCampaign.phase.isWell = true;
  }

  /** Every vendor posts its webhooks for these states. @param attempt how often it did that before */
  async sendAll(states: readonly State[], attempt: number): Promise<void> {
    const { vendors, killed, run } = this.#parts;
    const webhooks = vendors.flatMap((vendor) =>
      states.flatMap((state) => webhooksOf(vendor, state, killed)),
    );
    for (let from = 0; from < webhooks.length; from += 8) {
      const some = webhooks.slice(from, from + 8);
      const answers = await Promise.all(some.map((one) => send(one, { url: run.stack.url, attempt })));
      expect(answers.filter((answer) => !/^\S+: 200/.test(answer))).toEqual([]);
    }
  }

  /** Has the code that runs leave events in every state, some of them in calls whose worker is killed. */
  async leaveEveryState(): Promise<void> {
    const { killed, run } = this.#parts;
    await this.sendAll(['delivered', 'unconfirmed', 'failed', 'expired'], 0);
    await this.#untilLeft('delivered', 'unconfirmed', 'failed', 'expired');
    await this.sendAll(['claimed'], 0);
    await until(() => this.callsOf('claimed').length === killed.length, 'a call for each claim', 20);
    await run.stack.killWorkers('Deliver');
    await this.sendAll(['waiting'], 0);
    await this.#untilLeft('delivered', 'unconfirmed', 'failed', 'waiting');
    expect(await this.countOf('claimed')).toBeGreaterThan(0);
  }

  /** Waits for one event of each vendor in each of these states; batches come with `waiting`. */
  async #untilLeft(...states: readonly State[]): Promise<void> {
    const singles = this.vendors.filter(({ isBatch }) => !isBatch);
    const least = states.includes('waiting') ? this.vendors.length : singles.length;
    const isLeft = async () =>
      (await Promise.all(states.map((state) => this.#settledOf(state)))).every((count) => count >= least);
    await until(isLeft, `events that are ${states}`);
  }

  async untilEmptyBuffer(): Promise<void> {
    await until(async () => (await this.stack.bufferDepth()) === 0, 'an empty buffer', 200);
  }

  /** Replays every dead letter by the command's own code; what may have been accepted stays. */
  async replayAll(): Promise<void> {
    const { mappings } = this.#parts;
    const options = { port: this.port, ids: [], all: true, rate: 500, by: 'operator' };
    const replayed = await replayDeadLetters({ ...PROJECT, mappings }, options);
    if (!replayed.ok) throw new Error(replayed.failure);
    expect(replayed.value.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    await this.untilEmptyBuffer();
  }

  /** The code and the vendor of each dead letter that lies in the queue, sorted. */
  async deadLetters(): Promise<readonly string[]> {
    const account = await openAccount({ port: this.port });
    if (!account.ok) throw new Error(account.failure);
    return (await readDeadLetters(account.value)).map(({ code, source }) => `${code}/${source}`).sort();
  }

  /** How many events the ledger has in a state. */
  countOf(state: State): Promise<number> {
    return this.#count((one) => one.state?.S === state);
  }

  /** The same, once nothing is left to be written of them: a worker that is killed before writes its dead letter again. */
  #settledOf(state: State): Promise<number> {
    const hasDeadLetter = state === 'failed' || state === 'unconfirmed';
    return this.#count(
      (one) => one.state?.S === state && (!hasDeadLetter || one.deadLetteredAt !== undefined),
    );
  }

  async #count(isMeant: (entry: LedgerItem) => boolean): Promise<number> {
    let count = 0;
    await this.stack.eachLedgerEntry((page) => {
      count += page.filter((one) => one.movedTo === undefined && isMeant(one)).length;
    });
    return count;
  }

  callsOf(state: State): readonly Call[] {
    return this.calls.filter(({ whom }) => whom.startsWith(`${state}/`));
  }

  /** The customers of all events of a state, sorted. */
  whomsOf(state: State): readonly string[] {
    const names = state === 'claimed' ? this.#parts.killed : this.vendors.map(({ name }) => name);
    return names.map((name) => `${state}/${name}`).sort();
  }

  /** Whom Webex Campaign has accepted an event for, once for each time, sorted. */
  acceptedOf(state: State): readonly string[] {
    return this.callsOf(state)
      .flatMap(({ whom, isAccepted }) => (isAccepted ? whom : []))
      .sort();
  }

  async stop(): Promise<void> {
    const { run, webexCampaign, release, mappings } = this.#parts;
    this.stack.close();
    await run.stop();
    await webexCampaign.stop();
    release.remove();
    rmSync(mappings, { recursive: true });
  }
}

/** One webhook for each state; a batch has all states in one webhook that its items can be in side by side. */
function webhooksOf(vendor: Vendor, state: State, killed: readonly string[]): readonly VendorWebhook[] {
  const whomsOf = (one: State) => `${one}/${vendor.name}`;
  const shared = { vendor, id: `${vendor.name}-${state}`, happenedAt: HAPPENED_AT };
  if (state === 'expired') return [{ ...shared, type: 'dated', whoms: [whomsOf(state)] }];
  if (state === 'claimed') {
    return killed.includes(vendor.name) ? [{ ...shared, type: 'told', whoms: [whomsOf(state)] }] : [];
  }
  if (!vendor.isBatch) return [{ ...shared, type: 'told', whoms: [whomsOf(state)] }];
  const whoms = (['delivered', 'unconfirmed', 'failed', 'waiting'] as const).map(whomsOf);
  return state === 'waiting' ? [{ ...shared, type: 'told', whoms }] : [];
}

/** Takes a webhook to ingest as its vendor would. */
async function send(
  webhook: VendorWebhook,
  { url, attempt }: { readonly url: string; readonly attempt: number },
): Promise<string> {
  const { path, headers, body } = postOf(webhook, { url, attempt, at: new Date() });
  const response = await fetch(new URL(path, url), { method: 'POST', headers, body: Buffer.from(body) });
  return `${webhook.vendor.name}: ${response.status} ${await response.text()}`;
}

/** Waits until it holds; throws if that takes too long. */
async function until(holds: () => Promise<boolean> | boolean, what: string, seconds = 120): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what} has not come in ${seconds} s.`);
    await wait(250);
  }
}
