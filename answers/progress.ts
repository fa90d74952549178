/** Tells how far long work has come, on stderr, so that what a program reads stays clean. */
export function reportProgress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Tells each time that so many more were counted. */
export function reportEvery(every: number, say: (count: number) => string): (count: number) => void {
  let told = 0;
  return (count) => {
    if (count < told + every) return;
    told = count;
    reportProgress(say(count));
  };
}

/** So many messages are read in no time; of more, a person wants to hear. */
const TELL_EVERY = 500;

/** Tells how many messages were read, where they are many. */
export function reportCount(): (count: number) => void {
  return reportEvery(TELL_EVERY, (count) => `${count} dead letters read …`);
}
