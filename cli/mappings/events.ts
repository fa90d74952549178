import { existsSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Command, Option } from 'commander';
import { Document, isMap, isScalar, visit } from 'yaml';
import {
  checkMappings,
  contractFileOf,
  type PlacedMapping,
  PROJECT,
  type Project,
} from '../../answers/project.ts';
import { isExpression } from '../../lambdas/map/expression.ts';
import { escapeHtml, markdownTable, plainText } from '../../lib/config/markdown.ts';
import { docsPage, PACKAGE_IN_PROJECT } from '../../lib/config/terminal.ts';
import { type Definition, dayOf, idsOf } from '../../lib/mapping/contract.ts';
import { mappedBy, runExample } from '../../lib/mapping/examples/example.ts';
import type { MappingFile } from '../../lib/mapping/file.ts';
import { readExamples } from '../../lib/mapping/folders.ts';
import { resolveMapping } from '../../lib/mapping/schema.ts';
import { type CommandResult, example, formatCount, refuse, run } from '../command-line.ts';
import { formatTrigger, formatWhom, KINDS } from './explain-mapping.ts';

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
# The event definitions of Webex Campaign, as they stand there: ${docsPage('contract.md')}
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

/** How the page can be written. */
const FORMATS = { markdown: formatMarkdown, html: formatHtml };

type PageOptions = { readonly format: keyof typeof FORMATS; readonly out?: string | undefined };

function registerPage(events: Command): void {
  events
    .command('page')
    .description('write one page for those who own the messages: which there are, and what each has')
    .addOption(new Option('--format <name>', 'how').choices(Object.keys(FORMATS)).default('markdown'))
    .option('--out <file>', 'the file to write (default: print it)')
    .addHelpText('after', example('events page --format html --out messages.html'))
    .action((options) => run(() => writePage(PROJECT, options, new Date())));
}

/** `adapter events page`: which messages there are, for those who own them. */
export async function writePage(
  project: Project,
  { format, out }: PageOptions,
  today: Date,
): Promise<CommandResult> {
  const mappings = await checkMappings(project, today);
  if (!mappings.ok) return refuse(mappings.failure);
  const page = eventsPage(
    mappings.value.map(({ mapping }) => mapping),
    today,
  );
  const text = FORMATS[format](page);
  if (out === undefined) return { text, exitCode: 0 };
  writeFileSync(out, `${text}\n`);
  return { text: `Written: ${out}`, exitCode: 0 };
}

/** A part of a page, in whatever form the page is written. */
type Block =
  | { readonly kind: 'heading'; readonly text: string; readonly level: 1 | 2 }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | {
      readonly kind: 'table';
      readonly columns: readonly string[];
      readonly rows: readonly (readonly string[])[];
    };

/** An event of a mapping, in words; and the parameters that it is never sent without. */
type Sender = {
  readonly always: readonly string[];
  readonly source: string;
  readonly event: string;
  readonly when: string;
  readonly whom: string;
};

/** A definition, and what sends it. */
type Message = {
  readonly name: string;
  readonly definition: Definition;
  readonly senders: readonly Sender[];
};

/**
 * One page about all messages: which there are, triggered by what, for whom, with which parameters, from when to when.
 * @param mappings of all stages
 */
function eventsPage(mappings: readonly MappingFile[], today: Date): readonly Block[] {
  const { definitions = {}, file } = mappings.find(({ contract }) => contract !== undefined)?.contract ?? {};
  const messages = Object.entries(definitions).map(([name, definition]) => ({
    name,
    definition,
    senders: sendersOf(mappings, name),
  }));
  const day = today.toISOString().slice(0, 10);
  const of = file === undefined ? 'the mappings' : `${file} and the mappings`;
  return [
    { kind: 'heading', level: 1, text: 'Messages' },
    {
      kind: 'text',
      text: `What customers are told by Webex Campaign, and what makes it so. Made of ${of} on ${day}.`,
    },
    ...(messages.length === 0 ? [] : [overview(messages, day)]),
    ...messages.flatMap((message) => blocksOf(message, day)),
    ...blocksOfOthers(sendersOf(mappings, undefined)),
  ];
}

/** The events that name a definition, or those that name none. */
function sendersOf(mappings: readonly MappingFile[], definition: string | undefined): readonly Sender[] {
  const senders = mappings.flatMap((mapping) =>
    resolveMapping(mapping, '').events.flatMap((event, index) =>
      mapping.events[index]?.definition === definition
        ? [
            {
              source: mapping.source,
              event: event.name,
              when: formatTrigger(mapping.source, event),
              whom: formatWhom(event),
              always: Object.entries(event['event-params']).flatMap(([name, value]) =>
                event.required.includes(name) || !isExpression(value) ? [name] : [],
              ),
            },
          ]
        : [],
    ),
  );
  // Several stages may have the same mapping.
  return [...new Map(senders.map((sender) => [JSON.stringify(sender), sender])).values()];
}

const UNKNOWN = 'not written down';

function overview(messages: readonly Message[], day: string): Block {
  return {
    kind: 'table',
    columns: ['message', 'what it says', 'sent by', 'to the', 'valid from', 'valid until', 'owner'],
    rows: messages.map(({ name, definition, senders }) => [
      name,
      definition.description ?? '',
      senders.length === 0 ? 'nothing' : [...new Set(senders.map(({ source }) => source))].join(', '),
      KINDS[definition.key],
      formatDays(definition['valid-from']) || UNKNOWN,
      formatDays(definition['valid-until'], day) || UNKNOWN,
      definition.owner ?? '',
    ]),
  };
}

function blocksOf({ name, definition, senders }: Message, day: string): readonly Block[] {
  const ids = idsOf(definition).map(({ stage, id }) => (stage === undefined ? id : `${id} (${stage})`));
  const parameters = Object.entries(definition.parameters);
  const [from, until] = [formatDays(definition['valid-from']), formatDays(definition['valid-until'], day)];
  const facts = [
    ...senders.map(({ when, whom }) => `Sent when ${when}, to ${whom}.`),
    ...(senders.length === 0 ? ['Nothing sends it.'] : []),
    ...(from === '' ? [] : [`Valid from ${from}.`]),
    ...(until === '' ? [] : [`Valid until ${until}.`]),
    ...(definition.owner === undefined ? [] : [`Owner: ${definition.owner}.`]),
    `Event id in Webex Campaign: ${ids.join(', ')}.`,
  ];
  return [
    { kind: 'heading', level: 2, text: name },
    ...(definition.description === undefined
      ? []
      : [{ kind: 'text' as const, text: definition.description }]),
    { kind: 'list', items: facts },
    parameters.length === 0
      ? { kind: 'text', text: 'It has no parameters.' }
      : {
          kind: 'table',
          columns: ['parameter', 'mandatory', 'always there', 'for example', 'what it is'],
          rows: parameters.map(([parameter, { mandatory, example = '', description = '' }]) => [
            parameter,
            mandatory ? 'yes' : 'no',
            senders.every(({ always }) => always.includes(parameter)) ? 'yes' : 'may be missing',
            example,
            description,
          ]),
        },
  ];
}

/** Events with bare ids: of their messages the contract says nothing. */
function blocksOfOthers(senders: readonly Sender[]): readonly Block[] {
  if (senders.length === 0) return [];
  return [
    { kind: 'heading', level: 2, text: 'Messages that nothing is written down of' },
    {
      kind: 'list',
      items: senders.map(({ event, when, whom }) => `${event}: sent when ${when}, to ${whom}.`),
    },
  ];
}

/** A day, or one per stage; with `today`, an end that is past says so. */
function formatDays(days: Definition['valid-until'], today = ''): string {
  if (days === undefined) return '';
  const stages = typeof days === 'string' ? [''] : Object.keys(days);
  const formatted = stages.map((stage) => {
    const day = dayOf(days, stage) ?? '';
    const over = day < today ? ': it has ended' : '';
    return `${day}${stage === '' ? '' : ` (${stage})`}${over}`;
  });
  return formatted.join(', ');
}

/** The page as Markdown. */
function formatMarkdown(blocks: readonly Block[]): string {
  return blocks.map(markdownOf).join('\n\n');
}

function markdownOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${plainText(block.text)}`;
    case 'text':
      return plainText(block.text);
    case 'list':
      return block.items.map((item) => `- ${plainText(item)}`).join('\n');
    case 'table':
      return markdownTable(
        block.columns,
        block.rows.map((cells) => cells.map(plainText)),
      );
  }
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}' +
  'table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.3rem .6rem;text-align:left;vertical-align:top}';

/** The page as HTML that needs no other file. */
function formatHtml(blocks: readonly Block[]): string {
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><title>Messages</title><style>${STYLE}</style></head><body>`,
    ...blocks.map(htmlOf),
    '</body></html>',
  ].join('\n');
}

function htmlOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level}>${escapeHtml(block.text)}</h${block.level}>`;
    case 'text':
      return `<p>${escapeHtml(block.text)}</p>`;
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`;
    case 'table': {
      const line = (cells: readonly string[], tag: string) =>
        `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
      return `<table>${line(block.columns, 'th')}${block.rows.map((row) => line(row, 'td')).join('')}</table>`;
    }
  }
}
