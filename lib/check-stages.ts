import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './config-schema.ts';
import { findUnfitRate, rateOf } from './deliver/delivery-rate.ts';
import type { Stage } from './stage-schema.ts';

/** What does not fit together in the settings of the stages, though each of them is well-formed. */
export function checkStages(stages: Readonly<Record<string, Stage>>, directory: string): readonly Finding[] {
  return Object.entries(stages).flatMap(([name, stage]) => [
    ...[...checkAddress(stage), ...checkRates(stage), ...checkFolder(stage, directory)].map(
      ({ path, message }) => ({ path: [name, ...path], message }),
    ),
    ...checkDomain(name, stages),
  ]);
}

function checkAddress({ domain, 'public-url': publicUrl }: Stage): readonly Finding[] {
  if (domain === undefined || publicUrl === undefined) return [];
  const message = `is what webhook URLs begin with, and so is https://${domain.name} of the domain. Remove it.`;
  return [{ path: ['public-url'], message }];
}

function checkRates(stage: Stage): readonly Finding[] {
  const { throttle } = stage;
  const rate = rateOf({ eventsPerSecond: stage['events-per-second'], concurrency: stage.concurrency });
  const key = stage['events-per-second'] === undefined ? 'concurrency' : 'events-per-second';
  const tooLow = findUnfitRate(rate).map((message) => ({ path: [key], message }));
  if (throttle === undefined || throttle['requests-per-second'] >= rate.eventsPerSecond) return tooLow;
  const message = `${throttle['requests-per-second']} is less than the ${rate.eventsPerSecond} events that are sent each second: vendors would be refused while deliver is idle. Give ${rate.eventsPerSecond} at least.`;
  return [...tooLow, { path: ['throttle', 'requests-per-second'], message }];
}

function checkFolder({ mappings: folder }: Stage, directory: string): readonly Finding[] {
  if (folder === undefined || isDirectory(join(directory, folder))) return [];
  const message = `there is no folder "${folder}". Create it, with a folder in it for each source.`;
  return [{ path: ['mappings'], message }];
}

/** A domain can lead to one API only. */
function checkDomain(name: string, stages: Readonly<Record<string, Stage>>): readonly Finding[] {
  const domain = stages[name]?.domain?.name;
  const [first] = Object.entries(stages).find(([, other]) => other.domain?.name === domain) ?? [];
  if (domain === undefined || first === name) return [];
  return [
    { path: [name, 'domain', 'name'], message: `is the domain of the stage "${first}" too. Take another.` },
  ];
}

function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
