import { ratioOf, type Spread, spreadOf } from './statistics.ts';

/** Something short to be measured, many times over. */
type Work = () => unknown;

/** Microseconds per call, and the ratio to the base in the same round. */
export type WorkFigures = { readonly micros: Spread; readonly ratio: Spread };

/** How often all cases are measured in turn, and how long each of them in a round. */
export type WorkRounds = { readonly rounds: number; readonly milliseconds: number };

/** Measures all cases in turn, in this process, and compares each with the base round by round. */
export async function compareWork<Name extends string>(
  cases: Readonly<Record<Name, Work>>,
  base: NoInfer<Name>,
  { rounds, milliseconds }: WorkRounds,
): Promise<Readonly<Record<Name, WorkFigures>>> {
  const names = Object.keys(cases) as Name[];
  const measured = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (const name of names) await measureWork(cases[name], 10 * milliseconds);
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) measured.get(name)?.push(await measureWork(cases[name], milliseconds));
  }
  const micros = (name: Name) => measured.get(name) ?? [];
  const figuresOf = (name: Name) => ({
    micros: spreadOf(micros(name)),
    ratio: ratioOf(micros(name), micros(base)),
  });
  return Object.fromEntries(names.map((name) => [name, figuresOf(name)])) as Record<Name, WorkFigures>;
}

/** Microseconds of CPU time per call. What gives a promise is awaited; what does not, is not. */
export async function measureWork(work: Work, milliseconds: number): Promise<number> {
  const isAsync = work() instanceof Promise;
  const before = process.cpuUsage();
  const end = performance.now() + milliseconds;
  let calls = 0;
  while (performance.now() < end) {
    for (let count = 0; count < 8; count += 1) {
      if (isAsync) await work();
      else work();
    }
    calls += 8;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}
