import { SingleBar } from 'cli-progress';
import { print } from './terminal.ts';

/** How far some work has come, for a person who waits for it. */
export type Progress = {
  /** @param count how much is done of all */
  readonly update: (count: number) => void;
  /** Takes the bar away, also where the work was broken off. */
  readonly end: () => void;
};

type Output = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** Less work than that is done before anybody could read of it. */
const FEWEST = 20;

/** Where nothing redraws itself, a line each time that this share of the work is done. */
const SHARE = 0.2;

/**
 * Shows how far work has come: one bar that redraws itself on a terminal, and single lines elsewhere. It goes to stderr, so
 * that what a program reads stays clean.
 * @param what as in "Reading dead letters"
 * @param total how much there is to do; `undefined` where that is not known
 */
export function startProgress(
  what: string,
  total: number | undefined,
  output: Output = process.stderr,
): Progress {
  if (total !== undefined && total < FEWEST) return { update: () => {}, end: () => {} };
  return output.isTTY === true ? startBar(what, total, output) : startLines(what, total, output);
}

function startBar(what: string, total: number | undefined, stream: Output): Progress {
  const known = '{bar} {value} of {total}, {eta_formatted} left';
  const bar = new SingleBar({
    format: `${what} ${total === undefined ? '{value}' : known}`,
    stream,
    clearOnComplete: true,
    // Ctrl-C is for the command, which ends its work first.
    gracefulExit: false,
    hideCursor: null,
    fps: 5,
    barsize: 30,
    barCompleteChar: '█',
    barIncompleteChar: '░',
  });
  bar.start(total ?? 0, 0);
  return { update: (count) => bar.update(count), end: () => bar.stop() };
}

/** A count without a total is told each time that it has doubled. */
function startLines(what: string, total: number | undefined, stream: Output): Progress {
  let next = total === undefined ? 500 : total * SHARE;
  const of = total === undefined ? '' : ` of ${total}`;
  const update = (count: number) => {
    if (count < next || count === total) return;
    next = total === undefined ? count * 2 : count + total * SHARE;
    print(`${what}: ${count}${of} …`, stream);
  };
  return { update, end: () => {} };
}

/** Says in a line what is being done, on stderr. */
export function reportProgress(text: string): void {
  print(text, process.stderr);
}
