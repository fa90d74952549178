import { setTimeout as wait } from 'node:timers/promises';
import type { LocalRun } from '../local-run.ts';
import { redriveAll } from './redrive-all.ts';
import type { RehearsalSecrets } from './rehearsal-secrets.ts';
import { replayAll } from './replay-all.ts';
import type { StackAccess } from './stack-access.ts';
import type { WorldEvent } from './world-event.ts';

/** What the world's events are done with. */
export type Levers = {
  readonly run: LocalRun;
  readonly stack: StackAccess;
  readonly secrets: RehearsalSecrets;
  /** The directory of the mapping folders that run. */
  readonly mappingsDirectory: string;
};

/** What has befallen the world, as far as the judgement depends on it. */
export type Befallen = {
  redelivered: number;
  /** Times at which connections were closed that calls may have been made on. */
  outages: number;
  unreadable: number;
  /** Deduplication ids of the dead letters that were put back on the buffer. */
  readonly replayed: Set<string>;
  /** Dead letters that could not be put back, though the operator wanted it. */
  replayFailures: number;
};

/** Lets an event befall the world; comes back when it is over, which is not before it was felt by some webhooks. */
export async function befall(
  event: WorldEvent,
  { run, secrets, stack, mappingsDirectory }: Levers,
  { befallen, felt }: { readonly befallen: Befallen; readonly felt: Promise<void> },
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
      befallen.outages += 1;
      await run.simulator?.setAway(true);
      return during(event, felt, () => run.simulator?.setAway(false));
    case 'redelivery':
      befallen.redelivered += event.messages;
      return faults.redeliver(event.messages);
    case 'unreadable-message':
      befallen.unreadable += 1;
      return putUntilTaken(stack);
    case 'redrive-all':
      for (const id of await redriveAll(stack)) befallen.replayed.add(id);
      return;
    case 'replay-all':
      return replayEvery({ run, mappingsDirectory }, befallen);
  }
}

/** The operator puts every dead letter back with the commands, and is told of those that cannot be. */
async function replayEvery(
  { run, mappingsDirectory }: Pick<Levers, 'run' | 'mappingsDirectory'>,
  befallen: Befallen,
): Promise<void> {
  const { replayed, failed } = await replayAll(run.stack.url, mappingsDirectory);
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
