import { type FSWatcher, watch } from 'node:fs';
import type { Result } from '../lambdas/result.ts';
import { tellFact } from './tell.ts';

/** Editors write a file in several steps. */
const SETTLE_MILLISECONDS = 300;

/**
 * Takes mended mappings into use, as a deploy would, as soon as they are saved; what is in the queues and the ledger
 * stays. Of one that is broken the problems are told, and those that run stay.
 */
export function watchMappings(
  directory: string,
  redeploy: () => Promise<Result<void, string>>,
  print: (text: string) => void,
): FSWatcher {
  let timer: NodeJS.Timeout | undefined;
  return watch(directory, { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const deployed = await redeploy();
      print(
        deployed.ok ? tellFact('deployed', 'the mappings as they are now') : tellRefused(deployed.failure),
      );
    }, SETTLE_MILLISECONDS);
  });
}

function tellRefused(problems: string): string {
  return `${problems}\n${tellFact('not deployed', 'for what stands above: the mappings run on as they were')}`;
}
