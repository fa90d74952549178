import { existsSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { Document, isMap, isScalar, visit } from 'yaml';
import {
  checkMappings,
  contractFileOf,
  type PlacedMapping,
  PROJECT,
  type Project,
} from '../../answers/project.ts';
import { isExpression } from '../../lambdas/map/expression.ts';
import { PACKAGE_IN_PROJECT } from '../../lib/config/invocation.ts';
import { mappedBy, runExample } from '../../lib/mapping/examples/example.ts';
import type { MappingFile } from '../../lib/mapping/file.ts';
import { readExamples } from '../../lib/mapping/folders.ts';
import { type CommandResult, formatCount, refuse, run } from '../command-line.ts';
import { registerPage } from './events-page.ts';

export function registerEvents(program: Command): void {
  const events = program
    .command('events')
    .description('the event definitions of Webex Campaign (webex-events.yaml)');
  events
    .command('init')
    .description("write webex-events.yaml from today's mappings and their examples")
    .action(() => run(() => initEvents(PROJECT)));
  registerPage(events);
}

/** `adapter events init`: writes the contract file from the mappings; one that is there is never overwritten. */
export async function initEvents(project: Project): Promise<CommandResult> {
  const file = contractFileOf(project);
  const shown = relative(process.cwd(), file);
  if (existsSync(file)) {
    return refuse(`${shown} is there already. Add to it what "validate" hints at.`);
  }
  const mappings = await checkMappings(project, new Date());
  if (!mappings.ok) return refuse(mappings.failure);
  const definitions = await definitionsOf(mappings.value);
  writeFileSync(file, `${HEAD}${formatDefinitions(definitions)}`);
  const count = formatCount(Object.keys(definitions).length, 'definition');
  return {
    text: `${shown}: ${count}, from ${formatCount(mappings.value.length, 'mapping')}. ${NEXT}`,
    exitCode: 0,
  };
}

const HEAD = `# yaml-language-server: $schema=${PACKAGE_IN_PROJECT}webex-events.schema.json
# The event definitions of Webex Campaign, as they stand there: docs/contract.md
`;

/** The definitions as YAML: a blank line between two, and each parameter on a line. */
function formatDefinitions(definitions: Definitions): string {
  const document = new Document(definitions, { aliasDuplicateObjects: false });
  visit(document, {
    Pair: (_, { key, value }, path) => {
      if (path.length === 2 && isScalar(key)) key.spaceBefore = true;
      if (path.length === 6 && isMap(value)) value.flow = true;
    },
  });
  return document.toString({ lineWidth: 0 });
}

const NEXT =
  'Compare it with Webex Campaign: which parameters are mandatory, until when each definition is valid, who owns it. ' +
  'Then name the definitions in the mappings: "validate" hints at each line.';

type Written = {
  readonly 'event-id': NonNullable<MappingFile['events'][number]['event-id']>;
  readonly key: string;
  readonly parameters?: Readonly<Record<string, { readonly mandatory?: true; readonly example?: string }>>;
};

type Definitions = Readonly<Record<string, Written>>;

/** A definition for every bare id, by the name of the event, or of source and event where several sources have that name. */
async function definitionsOf(mappings: readonly PlacedMapping[]): Promise<Definitions> {
  const events = mappings.flatMap(({ mapping, directory }) =>
    mapping.events
      .filter(({ definition }) => definition === undefined)
      .map((event) => ({ mapping, event, directory, id: JSON.stringify(event['event-id']) })),
  );
  const byId = [...Map.groupBy(events, ({ id }) => id).values()].flatMap(([first]) => first ?? []);
  const named = byId.map(async ({ mapping, event, directory }) => {
    const isShared = byId.some((one) => one.event.name === event.name && one.event !== event);
    const name = isShared ? `${mapping.source}-${event.name}` : event.name;
    return [name, await definitionOf(mapping, event, directory)] as const;
  });
  return Object.fromEntries(await Promise.all(named));
}

async function definitionOf(
  mapping: MappingFile,
  event: MappingFile['events'][number],
  directory: string,
): Promise<Written> {
  const values = await exampleValues(mapping, event.name, directory);
  const sent = Object.entries({ ...mapping.defaults['event-params'], ...event['event-params'] });
  const parameters = sent.map(([name, text]) => {
    const value = isExpression(text) ? values.get(name) : text;
    const mandatory = event.required.includes(name) ? { mandatory: true as const } : {};
    return [name, { ...mandatory, ...(value !== undefined && { example: value }) }] as const;
  });
  return {
    'event-id': event['event-id'] ?? '',
    key: event['event-key'].kind,
    ...(sent.length > 0 && { parameters: Object.fromEntries(parameters) }),
  };
}

/** The first value that an example gives to each parameter of an event. */
async function exampleValues(
  mapping: MappingFile,
  event: string,
  directory: string,
): Promise<ReadonlyMap<string, string>> {
  const { examples } = readExamples(join(directory, mapping.source), mapping.source);
  const values = new Map<string, string>();
  for (const one of examples) {
    const sent = mappedBy(await runExample(mapping, one, ''), event);
    const params = sent.flatMap((mapped) =>
      mapped.kind === 'event' ? Object.entries(mapped.event.params) : [],
    );
    for (const [name, value] of params) if (!values.has(name) && value !== '') values.set(name, value);
  }
  return values;
}
