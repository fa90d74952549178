import type { EventMapping } from '../lambdas/map/mapping.ts';
import type { MappingFile } from '../lib/map/mapping-file.ts';
import { resolveMapping } from '../lib/map/resolve-mapping.ts';
import type { CommandResult } from './command-line.ts';
import { findMapping, type Project, stageNames } from './project.ts';
import { sayName, sayValue } from './say-expression.ts';

/** `adapter explain-mapping`: a mapping in plain English, for those who own the messages. */
export function explainMapping(
  project: Project,
  { name, stage }: { readonly name: string; readonly stage?: string | undefined },
): CommandResult {
  const stages = stageNames(project);
  if (!stages.ok) return { text: stages.failure, exitCode: 2 };
  const mapping = findMapping(project, name);
  if (!mapping.ok) return { text: mapping.failure, exitCode: 2 };
  return { text: describeMapping(mapping.value, stage ?? stages.value[0] ?? ''), exitCode: 0 };
}

/** Says what becomes of each event of a source, one paragraph an event. */
function describeMapping(mapping: MappingFile, stage: string): string {
  const { source, events } = resolveMapping(mapping, stage);
  const title = `${capitalise(source)}: ${events.length} events, as they are in stage ${stage}`;
  return [title, ...events.map((event) => describeEvent(source, event))].join('\n\n');
}

function describeEvent(source: string, event: EventMapping): string {
  const { name, on, when, items, required } = event;
  const types = on.map((type) => `${sayName(type)} (${type})`).join(' or ');
  const condition = when === undefined ? '' : `, and ${sayValue(when)}`;
  const each = items === undefined ? '' : ' For each item of it that counts,';
  const key = event['event-key'];
  const whom = `the person whose ${KINDS[key.kind]} is ${sayValue(key.value)}`;
  const then = `Webex Campaign is asked for ${event['event-id']}, for ${whom}.`;
  return [
    name,
    `  When ${capitalise(source)} says ${types}${condition}:${each} ${then}`,
    ...listParameters(event),
    ...(when === undefined ? [] : [`  Skipped unless ${sayValue(when)}.`]),
    `  Kept aside as a dead letter when there is no such ${KINDS[key.kind]}${sayRequired(required)}.`,
    ...sayPolicies(event),
  ].join('\n');
}

const KINDS: Readonly<Record<EventMapping['event-key']['kind'], string>> = {
  text: 'key',
  email: 'e-mail address',
  msisdn: 'phone number',
  device: 'device id',
  'customer-id': 'customer id',
};

function listParameters({ 'event-params': params, required }: EventMapping): readonly string[] {
  const names = Object.keys(params);
  if (names.length === 0) return ['  It sends nothing else.'];
  const width = Math.max(...names.map(({ length }) => length));
  return [
    '  It sends:',
    ...Object.entries(params).map(([name, value]) => {
      const optional = required.includes(name) || !value.startsWith('{%') ? '' : ', if it is there';
      return `    ${name.padEnd(width)}  ${sayValue(value)}${optional}`;
    }),
  ];
}

function sayRequired(required: readonly string[]): string {
  return required.length === 0 ? '' : `, or without ${required.join(', ')}`;
}

function sayPolicies(event: EventMapping): readonly string[] {
  const age = event['max-age'];
  const time = event['event-time'];
  const since = time === undefined ? 'it was received' : sayValue(time);
  return [
    ...(age === undefined ? [] : [`  Not sent later than ${sayDuration(age)} after ${since}.`]),
    event['on-unconfirmed'] === 'park'
      ? '  If Webex Campaign does not say whether it took it, it waits for a person to decide: nobody is messaged twice.'
      : '  If Webex Campaign does not say whether it took it, it is sent again: somebody may be messaged twice.',
  ];
}

function sayDuration(seconds: number): string {
  const [size, unit] = UNITS.find(([unitSeconds]) => seconds % unitSeconds === 0) ?? [1, 'second'];
  const count = seconds / size;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

const UNITS = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
] as const;

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
