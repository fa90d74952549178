import * as z from 'zod';
import { replayDeadLetters } from '../../cli/dead-letter-replay.ts';
import { PROJECT } from '../../cli/project.ts';

/** Dead letters a second; with the default, an operator of a rehearsal would be at it for minutes. */
const RATE = 500;

/** What `dead-letter replay --json` prints of one dead letter. */
const replayedSchema = z.object({ outcome: z.string(), deduplicationId: z.string().optional() });

/** What an operator's replay has come to. */
export type OperatorReplay = {
  /** Deduplication ids of the dead letters that went back to the buffer; one that has none was no webhook. */
  readonly replayed: readonly string[];
  /** How many stay, since they may have been accepted or are too old by now. */
  readonly stayed: number;
  /** How many could not be put back. */
  readonly failed: number;
};

/** An operator replays everything by `adapter dead-letter replay --all`, with these mappings. */
export async function replayAll(url: string, mappings: string): Promise<OperatorReplay> {
  const { text, exitCode } = await replayDeadLetters(
    { ...PROJECT, mappings },
    { port: Number(new URL(url).port), ids: [], all: true, rate: RATE, by: 'operator', json: true },
  );
  if (exitCode === 2) throw new Error(text);
  const letters = z.array(replayedSchema).parse(JSON.parse(text));
  const outcomes = Map.groupBy(letters, ({ outcome }) => outcome);
  return {
    replayed: (outcomes.get('replayed') ?? []).map(({ deduplicationId = '' }) => deduplicationId),
    stayed: outcomes.get('stays')?.length ?? 0,
    failed: outcomes.get('failed')?.length ?? 0,
  };
}
