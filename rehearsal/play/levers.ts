import { setTimeout as wait } from 'node:timers/promises';
import { replayDeadLetters } from '../../answers/dead-letters/replay.ts';
import { PROJECT } from '../../answers/project.ts';
import type { LocalRun } from '../../local/run.ts';
import type { Evidence } from '../judge/evidence.ts';
import type { WorldEvent } from '../plan/plan.ts';
import type { RehearsalSecrets } from '../plan/world.ts';
import type { StackAccess } from './stack-access.ts';

/** What the world's events are done with. */
export type Levers = {
  readonly run: LocalRun;
  readonly stack: StackAccess;
  readonly secrets: RehearsalSecrets;
  /** Where the mapping folders that run now lie, and what they become in the middle of a run. */
  readonly mappingFolders: MappingFolders;
};

/** Directories of mapping folders. */
type MappingFolders = {
  current: string;
  /** Missing where the mappings are an adopter's. */
  readonly changed?: string;
  readonly restored?: string;
};

/** What has befallen the world, as far as the judgement depends on it. */
export type Befallen = {
  redelivered: number;
  /** When connections were closed that calls may have been made on, on the clock of the calls. */
  readonly outages: number[];
  /** Hours in which every call failed. */
  hours: number;
  unreadable: number;
  /** Deduplication ids of the dead letters that were put back on the buffer. */
  readonly replayed: Set<string>;
  /** Dead letters that could not be put back, though the operator wanted it. */
  replayFailures: number;
};

/** What a world event needs beside the levers. */
type Stage = Levers & {
  readonly evidence: Pick<Evidence, 'setOutage'>;
  readonly befallen: Befallen;
  /** Once a burst has felt it. */
  readonly felt: Promise<void>;
};

/** Lets an event befall the world; returns once it is over, and some webhooks have felt it. */
export async function befall(event: WorldEvent, stage: Stage): Promise<void> {
  const { run, stack, befallen, mappingFolders } = stage;
  switch (event.name) {
    case 'redelivery':
      befallen.redelivered += event.messages;
      return run.stack.faults.redeliver(event.messages);
    case 'unreadable-message':
      befallen.unreadable += 1;
      return putUntilTaken(stack);
    case 'redrive-all':
      for (const id of await redriveAll(stack)) befallen.replayed.add(id);
      return;
    case 'replay-all':
      return replayEvery(stage, befallen);
    case 'mapping-changed':
      return deploy(mappingFolders.changed, stage);
    case 'mapping-restored':
      return deploy(mappingFolders.restored, stage);
    default:
      return breakDown(event, stage);
  }
}

type NotThere =
  | 'redelivery'
  | 'unreadable-message'
  | 'redrive-all'
  | 'replay-all'
  | 'mapping-changed'
  | 'mapping-restored';

/** Changes secrets, or takes something away for a while. */
async function breakDown(
  event: Exclude<WorldEvent, { readonly name: NotThere }>,
  { run, secrets, befallen, felt, evidence }: Stage,
): Promise<void> {
  const { faults } = run.stack;
  switch (event.name) {
    case 'signing-secret-rotated':
      return void secrets.rotateSigning();
    case 'late-secret-set':
      return secrets.setLate();
    case 'key-rotated':
      return secrets.rotateKey();
    case 'keys-revoked':
      return during(event, felt, secrets.revoke(true));
    case 'primary-revoked':
      return during(event, felt, secrets.revoke(false));
    case 'ledger-away':
      faults.setTablesAway(true);
      return during(event, felt, () => faults.setTablesAway(false));
    case 'sends-refused':
      faults.refuseSends(true);
      return during(event, felt, () => faults.refuseSends(false));
    case 'endpoint-away':
      befallen.outages.push(performance.now());
      await run.simulator?.setAway(true);
      return during(event, felt, () => run.simulator?.setAway(false));
    case 'hour-of-failures':
      befallen.hours += 1;
      evidence.setOutage(event.by);
      run.simulator?.setOutage(outageOf(event));
      return during({ milliseconds: hourOf(run) }, felt, () => {
        evidence.setOutage();
        run.simulator?.setOutage(undefined);
      });
  }
}

const HOUR_MILLISECONDS = 3_600_000;
/** On a slow clock it is less than an hour. */
const LONGEST_HOUR_MILLISECONDS = 60_000;

function hourOf({ stack }: LocalRun): number {
  return Math.min(HOUR_MILLISECONDS / stack.clock.speed, LONGEST_HOUR_MILLISECONDS);
}

type Hour = Extract<WorldEvent, { name: 'hour-of-failures' }>;

type Outage = Parameters<NonNullable<LocalRun['simulator']>['setOutage']>[0];

/** Fails before and after an event is accepted, in turn, but for a 503 that says when to come again. */
function outageOf({ by, liesToProbes: isFrontWell }: Hour): Outage {
  switch (by) {
    case '503 with Retry-After':
      return { answer: 503, retryAfter: '120', accepts: false, isFrontWell };
    case 'time-out':
      return { answer: 'time-out', accepts: 'by-turns', isFrontWell };
    default:
      return { answer: OF_GATEWAYS[by], accepts: 'by-turns', isFrontWell };
  }
}

const OF_GATEWAYS = { 502: 502, 503: 503, 504: 504 } as const;

/**
 * Deploys other mapping folders while events wait for Webex Campaign: it is away from a burst before the deploy to a moment
 * after it.
 */
async function deploy(
  directory: string | undefined,
  { run, mappingFolders, befallen, felt }: Stage,
): Promise<void> {
  if (directory === undefined) return;
  befallen.outages.push(performance.now());
  await run.simulator?.setAway(true);
  await felt;
  const redeployed = await run.redeploy(directory);
  if (!redeployed.ok) throw new Error(redeployed.failure);
  mappingFolders.current = directory;
  await run.simulator?.setAway(false);
}

/** The operator replays every dead letter by the command, and counts those that could not be replayed. */
async function replayEvery(
  { run, mappingFolders }: Pick<Levers, 'run' | 'mappingFolders'>,
  befallen: Befallen,
): Promise<void> {
  const { replayed, failed } = await replayAll(run.stack.url, mappingFolders.current);
  for (const id of replayed) befallen.replayed.add(id);
  befallen.replayFailures += failed;
}

async function during(
  { milliseconds }: { readonly milliseconds: number },
  felt: Promise<void>,
  undo: () => unknown,
): Promise<void> {
  await felt;
  await wait(milliseconds);
  await undo();
}

/** Something that no ingest has put there. */
async function putUntilTaken(stack: StackAccess): Promise<void> {
  const isPut = await stack.putOnBuffer({ Body: 'not a webhook' }).then(
    () => true,
    () => false,
  );
  if (isPut) return;
  await wait(200);
  await putUntilTaken(stack);
}

/**
 * Has SQS move every dead letter back to the buffer, notes and all, as its console does: no operator has decided that any
 * event may be sent again. Returns the deduplication ids of those that were moved, '' for one that is no webhook.
 */
async function redriveAll(stack: StackAccess): Promise<readonly string[]> {
  const moved: string[] = [];
  await stack.takeDeadLetters(async (message) => {
    await stack.putOnBuffer(message);
    moved.push(message.MessageAttributes?.['deduplication-id']?.StringValue?.split('\n')[0] ?? '');
  });
  return moved;
}

/** Dead letters a second; the command's default would take minutes. */
const RATE = 500;

/** What an operator's replay has come to. */
type OperatorReplay = {
  /** Deduplication ids of the dead letters that went back to the buffer, '' for one that is no webhook. */
  readonly replayed: readonly string[];
  /** How many stay, since they may have been accepted or are too old by now. */
  readonly stayed: number;
  /** How many could not be put back. */
  readonly failed: number;
};

/** An operator replays everything, as `adapter dead-letter replay --all` does, with these mappings. */
async function replayAll(url: string, mappings: string): Promise<OperatorReplay> {
  const port = Number(new URL(url).port);
  const replayed = await replayDeadLetters(
    { ...PROJECT, mappings },
    { port, ids: [], all: true, rate: RATE, by: 'operator' },
  );
  if (!replayed.ok) throw new Error(replayed.failure);
  const outcomes = Map.groupBy(replayed.value, ({ outcome }) => outcome);
  return {
    replayed: (outcomes.get('replayed') ?? []).map(({ deadLetter }) => deadLetter.deduplicationId ?? ''),
    stayed: outcomes.get('stays')?.length ?? 0,
    failed: outcomes.get('failed')?.length ?? 0,
  };
}

/** Waits until nothing is left on the buffer, twice in a row. */
export async function drain(
  { stack }: { readonly stack: StackAccess },
  deadline: number,
  onProgress: (sentence: string) => void,
): Promise<void> {
  for (let empty = 0; empty < 2 && performance.now() < deadline; ) {
    const depth = await stack.bufferDepth();
    empty = depth === 0 ? empty + 1 : 0;
    onProgress(`${depth} messages on the buffer`);
    await wait(500);
  }
}
