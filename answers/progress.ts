import { print } from '../lib/config/print.ts';

/** Says how far work has come, on stderr, so that what a program reads stays clean. */
export function reportProgress(text: string): void {
  print(text, process.stderr);
}

/** Reports a growing count, once each time that it has grown by `every`. */
export function reportEvery(every: number, format: (count: number) => string): (count: number) => void {
  let reported = 0;
  return (count) => {
    if (count < reported + every) return;
    reported = count;
    reportProgress(format(count));
  };
}
