import { SECRETS } from './events.ts';
import {
  type Figure,
  FULL,
  findGrown,
  formatResults,
  QUICK,
  readResults,
  replaceFigures,
  type World,
  writeResults,
} from './figures.ts';
import { measureColdStarts, measureFirstEvent, measureMemory, measureWarm } from './sections/functions.ts';
import { measureBacklog, measureEndToEnd } from './sections/path.ts';
import { measureCalls, measureSizes } from './sections/price.ts';
import { measureEngine, measureGrowth, measureVerification } from './sections/work.ts';
import { prepareSubjects, startEndpoints } from './subjects.ts';

/** In this order: what is counted comes before what is measured. */
const SECTIONS: Readonly<Record<string, (world: World) => Promise<readonly Figure[]> | readonly Figure[]>> = {
  sizes: measureSizes,
  calls: measureCalls,
  cold: measureColdStarts,
  'first-event': measureFirstEvent,
  warm: measureWarm,
  engine: measureEngine,
  verify: measureVerification,
  growth: measureGrowth,
  path: measureEndToEnd,
  backlog: measureBacklog,
  memory: measureMemory,
};

// `npm run bench` measures everything and writes the results; `-- --quick` measures less and compares with what is committed.
// Either can be given names of sections, and measures only these.
const isQuick = process.argv.includes('--quick');
const only = process.argv.slice(2).filter((argument) => argument !== '--quick');
const figures = await measure(only);
if (isQuick) compare(figures);
else {
  const results = formatResults(only.length === 0 ? figures : replaceFigures(readResults().figures, figures));
  writeResults(results);
  print('Written: bench/results.json, docs/performance.md');
}

/** @param only names of sections; empty for all */
async function measure(only: readonly string[]): Promise<readonly Figure[]> {
  const endpoints = await startEndpoints(SECRETS);
  const subjects = await prepareSubjects(endpoints);
  const world: World = { subjects, endpoints, effort: isQuick ? QUICK : FULL };
  const measured: Figure[] = [];
  try {
    for (const [name, section] of Object.entries(SECTIONS)) {
      if (only.length > 0 && !only.includes(name)) continue;
      const start = performance.now();
      const figures = await section(world);
      measured.push(...figures);
      print(`${name}, ${((performance.now() - start) / 1000).toFixed(0)} s`);
      for (const figure of figures) print(`  ${formatFigure(figure)}`);
    }
  } finally {
    await subjects.remove();
    await endpoints.stop();
  }
  return measured;
}

function formatFigure({ id, what, value, unit, spread, goal }: Figure): string {
  const range = spread === undefined ? '' : ` (${spread.join(' to ')})`;
  return `${id.padEnd(7)}${what.padEnd(60)}${value} ${unit}${range}${goal === undefined ? '' : `, goal ${goal}`}`;
}

function compare(measured: readonly Figure[]): void {
  const grown = findGrown(measured, readResults().figures);
  for (const problem of grown) print(`GROWN  ${problem}`);
  print(
    grown.length === 0 ? 'Nothing has grown beyond its margin.' : `${grown.length} beyond their margins.`,
  );
  if (grown.length > 0) process.exitCode = 1;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
