import { join } from 'node:path';
import type { Command } from 'commander';
import { findMapping, PROJECT, type Project, projectOf, stageNames } from '../../answers/project.ts';
import { isExpression } from '../../lambdas/map/expression.ts';
import { joinLines } from '../../lib/config/terminal.ts';
import { type Definition, definitionOf } from '../../lib/mapping/contract.ts';
import { type ExampleRun, mappedBy, runExample } from '../../lib/mapping/examples/example.ts';
import type { MappingFile } from '../../lib/mapping/file.ts';
import { readExamples } from '../../lib/mapping/folders.ts';
import { resolveMapping } from '../../lib/mapping/schema.ts';
import { capitalise, formatName, formatValue } from '../../lib/mapping/words.ts';
import { type CommandResult, example, formatCount, refuse, run } from '../command-line.ts';

/** A mapping as it is deployed, and an event of it. */
type Mapping = ReturnType<typeof resolveMapping>;
type EventMapping = Mapping['events'][number];

export function registerExplainMapping(program: Command): void {
  program
    .command('explain-mapping')
    .description('say in plain English what becomes of the webhooks of a source')
    .argument('<name>', 'the mapping folder')
    .option('--stage <name>', 'whose mappings and event ids to show (default: the first of stages.yaml)')
    .addHelpText('after', example('explain-mapping stripe'))
    .action((name, options) => run(() => explainMapping(projectOf(PROJECT, options), { name, ...options })));
}

/** `adapter explain-mapping`: a mapping in plain English, for those who own the messages. */
export async function explainMapping(
  project: Project,
  { name, stage }: { readonly name: string; readonly stage?: string | undefined },
): Promise<CommandResult> {
  const stages = stageNames(project);
  if (!stages.ok) return refuse(stages.failure);
  const mapping = findMapping(project, name);
  if (!mapping.ok) return refuse(mapping.failure);
  const shown = stage ?? stages.value[0] ?? '';
  const { examples } = readExamples(join(project.mappings, mapping.value.source), mapping.value.source);
  const runs: ExampleRun[] = [];
  for (const one of examples) runs.push(await runExample(mapping.value, one, shown));
  return { text: formatMapping(mapping.value, shown, runs), exitCode: 0 };
}

/** What becomes of the webhooks of a source, one paragraph an event. */
function formatMapping(mapping: MappingFile, stage: string, runs: readonly ExampleRun[]): string {
  const { source, events, itemId } = resolveMapping(mapping, stage);
  const title = `${capitalise(source)}: ${formatCount(events.length, 'event')}, as in stage ${stage}`;
  const formatted = events.map((event, index) => {
    const name = mapping.events[index]?.definition ?? '';
    const definition = definitionOf({ definition: name }, mapping.contract);
    const named = definition && { ...definition, name };
    return formatEvent({ source, event, definition: named, values: valuesOf(runs, event.name) }, itemId);
  });
  return [title, ...formatted].join('\n\n');
}

/** An event of a source, and the definition that it names. */
type Explained = {
  readonly source: string;
  readonly event: EventMapping;
  readonly definition: (Definition & { readonly name: string }) | undefined;
  /** What the folder's examples send, by parameter. */
  readonly values: Readonly<Record<string, string>>;
};

/** The first value of each parameter in the examples. */
function valuesOf(runs: readonly ExampleRun[], event: string): Explained['values'] {
  const sent = runs
    .flatMap((one) => mappedBy(one, event))
    .flatMap((mapped) => (mapped.kind === 'event' ? [mapped.event.params] : []));
  return Object.assign({}, ...sent.toReversed());
}

function formatEvent({ source, event, definition, values }: Explained, itemId: Mapping['itemId']): string {
  const { name, when, items, required } = event;
  const each = items === undefined ? '' : ' For each item of it that counts,';
  const { kind } = event['event-key'];
  const id = event['event-id'];
  const asked = definition === undefined ? id : `"${definition.name}" (${id})`;
  const then = `Webex Campaign is asked for ${asked}, for ${formatWhom(event)}.`;
  return joinLines([
    name,
    `  When ${formatTrigger(source, event)}:${each} ${then}`,
    ...(definition?.description === undefined ? [] : [`  The message: ${definition.description}`]),
    ...listParameters(event, definition, values),
    ...(when === undefined ? [] : [`  Skipped unless ${formatValue(when)}.`]),
    `  Kept aside as a dead letter when there is no such ${KINDS[kind]}${formatRequired(required)}.`,
    ...formatIdentity(event, itemId),
    ...formatPolicies(event),
  ]);
}

/** What has to happen: "Stripe says invoice paid (invoice.paid), and the amount paid is above zero". */
export function formatTrigger(source: string, { on, when }: Pick<EventMapping, 'on' | 'when'>): string {
  const types = on.map((type) => `${formatName(type)} (${type})`).join(' or ');
  const condition = when === undefined ? '' : `, and ${formatValue(when)}`;
  return `${capitalise(source)} says ${types}${condition}`;
}

/** Who gets the message. */
export function formatWhom({ 'event-key': { kind, value } }: Pick<EventMapping, 'event-key'>): string {
  return `the person whose ${KINDS[kind]} is ${formatValue(value)}`;
}

/** The kinds of event key, in words. */
export const KINDS: Readonly<Record<EventMapping['event-key']['kind'], string>> = {
  text: 'key',
  email: 'e-mail address',
  msisdn: 'phone number',
  device: 'device id',
  'customer-id': 'customer id',
};

function listParameters(
  { 'event-params': params, required }: EventMapping,
  definition: Definition | undefined,
  values: Explained['values'],
): readonly string[] {
  const names = Object.keys(params);
  if (names.length === 0) return ['  It sends nothing else.'];
  const width = Math.max(...names.map(({ length }) => length));
  return [
    '  It sends:',
    ...Object.entries(params).map(([name, value]) => {
      const optional = required.includes(name) || !isExpression(value) ? '' : ', if it is there';
      // Without a contract, the folder's examples show what the words mean.
      const { example = isExpression(value) ? values[name] : undefined } = definition?.parameters[name] ?? {};
      const like = example === undefined || example === value ? '' : `, as in "${example}"`;
      return `    ${name.padEnd(width)}  ${formatValue(value)}${like}${optional}`;
    }),
  ];
}

function formatRequired(required: readonly string[]): string {
  return required.length === 0 ? '' : `, or without ${required.join(', ')}`;
}

function formatIdentity(
  { items, 'deduplication-id': id }: EventMapping,
  itemId: Mapping['itemId'],
): readonly string[] {
  if (id !== undefined) return [`  Not sent again for ${formatValue(id)}, however often it comes.`];
  if (items === undefined || itemId === undefined) return [];
  const lists = itemId.map((pointers) => pointers.map(formatName).join(', '));
  return [`  An item that comes again is not sent again. It is known by its ${lists.join(', or its ')}.`];
}

function formatPolicies(event: EventMapping): readonly string[] {
  const age = event['max-age'];
  const time = event['event-time'];
  const since = time === undefined ? 'it was received' : formatValue(time);
  return [
    ...(age === undefined ? [] : [`  Not sent later than ${formatDuration(age)} after ${since}.`]),
    event['on-unconfirmed'] === 'park'
      ? '  If Webex Campaign does not say whether it took it, it waits for a person to decide: nobody is messaged twice.'
      : '  If Webex Campaign does not say whether it took it, it is sent again: somebody may be messaged twice.',
  ];
}

function formatDuration(seconds: number): string {
  const [size, unit] = UNITS.find(([unitSeconds]) => seconds % unitSeconds === 0) ?? [1, 'second'];
  const count = seconds / size;
  return formatCount(count, unit);
}

const UNITS = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
] as const;
