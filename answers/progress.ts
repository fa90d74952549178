/** Tells how far long work has come, on stderr, so that what a program reads stays clean. */
export function tellProgress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Tells each time that so many more were counted. */
export function tellEvery(every: number, say: (count: number) => string): (count: number) => void {
  let told = 0;
  return (count) => {
    if (count < told + every) return;
    told = count;
    tellProgress(say(count));
  };
}

/** So many messages are read in no time; of more, a person wants to hear. */
const TELL_EVERY = 500;

/** Tells how many messages were read, where they are many. */
export function tellCount(): (count: number) => void {
  return tellEvery(TELL_EVERY, (count) => `${count} dead letters read …`);
}
