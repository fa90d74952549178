import { replayDeadLetters } from '../../cli/dead-letter-replay.ts';
import { PROJECT } from '../../cli/project.ts';

/** Dead letters a second; with the default, an operator of a rehearsal would be at it for minutes. */
const RATE = 500;

/** What an operator's replay has come to. */
export type OperatorReplay = {
  /** Deduplication ids of the dead letters that went back to the buffer; one that has none was no webhook. */
  readonly replayed: readonly string[];
  /** How many stay, since they may have been accepted or are too old by now. */
  readonly stayed: number;
  /** How many could not be put back. */
  readonly failed: number;
};

/** An operator replays everything, as `adapter dead-letter replay --all` does, with these mappings. */
export async function replayAll(url: string, mappings: string): Promise<OperatorReplay> {
  const port = Number(new URL(url).port);
  const replayed = await replayDeadLetters(
    { ...PROJECT, mappings },
    { port, ids: [], all: true, rate: RATE, by: 'operator' },
  );
  if (!replayed.ok) throw new Error(replayed.failure);
  const outcomes = Map.groupBy(replayed.value, ({ outcome }) => outcome);
  return {
    replayed: (outcomes.get('replayed') ?? []).map(({ letter }) => letter.deduplicationId ?? ''),
    stayed: outcomes.get('stays')?.length ?? 0,
    failed: outcomes.get('failed')?.length ?? 0,
  };
}
