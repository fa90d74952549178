import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import * as z from 'zod';
import { MAX_PARAMETERS } from '../../lambdas/map/event.ts';
import { isNullVariant } from '../../lambdas/map/expression.ts';
import {
  type ConfigFile,
  checkAgainst,
  didYouMean,
  type Finding,
  type Problem,
  readConfigFile,
  readConfigText,
} from '../config/file.ts';
import { repair } from '../config/repair.ts';
import { eventIdOf, eventIdSchema, KEY_KINDS, NAME, type WrittenEvent } from './schema.ts';

/** What the file is called. It lies beside `stages.yaml`, or beside the mapping folders of an app that has none. */
export const CONTRACT_FILE = 'webex-events.yaml';

const daySchema = z.iso.date('expected a day: "2027-06-30"');

const daysSchema = z
  .union([daySchema, z.record(z.string().min(1), daySchema)], {
    error: 'expected a day, or one per stage: { dev: 2027-06-30, prod: 2027-12-31 }',
  })
  .optional();

const parameterSchema = z.strictObject({
  mandatory: z
    .boolean()
    .default(false)
    .describe('Whether Webex Campaign refuses an event without it, as the event definition marks it.'),
  example: z.string().optional().describe('A value that it may have. No customer’s.'),
  description: z.string().min(1).optional().describe('What it says, for who writes the message.'),
});

const definitionSchema = z.strictObject({
  description: z.string().min(1).optional().describe('The message: what a customer is told, in a sentence.'),
  owner: z.string().min(1).optional().describe('Who answers for the message: a team or a person.'),
  'event-id': eventIdSchema.describe(
    'The id that Webex Campaign gave to the event definition, for all stages or one per stage.',
  ),
  key: z.enum(KEY_KINDS).describe('The kind of event key that the definition has.'),
  parameters: z
    .record(z.string().min(1), parameterSchema)
    .default({})
    .describe('Every parameter of the definition, by its name.'),
  'valid-from': daysSchema.describe(
    'The first day on which the definition is valid, for all stages or one per stage.',
  ),
  'valid-until': daysSchema.describe(
    'The last day on which the definition is valid ("Valid until"), for all stages or one per stage.',
  ),
  simulate: z
    .enum(['no-recommendation'])
    .optional()
    .describe('What the simulator of the local run answers: no-recommendation is code 1003.'),
});

const contractSchema = z.record(
  z.string().regex(NAME, 'expected lower-case words joined by "-"'),
  definitionSchema,
);

/** An event definition of Webex Campaign, as a person has written it down. */
export type Definition = z.infer<typeof definitionSchema>;

/** The event definitions that mappings may name. */
export type Contract = {
  /** Its path, as problems show it. */
  readonly file: string;
  /** By their names. One whose entry has problems is not there, and `isBroken`. */
  readonly definitions: Readonly<Record<string, Definition>>;
  /** Whether the entry of a name has problems of its own, so that nothing can be checked by it. */
  readonly isBroken: (name: string) => boolean;
  /** Makes a problem at the line where the value at a path stands. */
  readonly problemAt: ConfigFile<unknown>['problemAt'];
};

/** The contract, where there is a file, and what is wrong in it. */
export type ReadContract = {
  readonly contract?: Contract | undefined;
  readonly problems: readonly Problem[];
};

/** The contract file of the mapping folders in a directory: beside that directory. */
export function contractBeside(directory: string): string {
  return join(dirname(directory), CONTRACT_FILE);
}

/**
 * Reads a contract file, with the problems of all its definitions at once. Without a file there is no contract.
 * @param stages the stages that ids and days may be of; not checked where none are given
 */
export function readContract(file: string, stages?: readonly string[]): ReadContract {
  if (!existsSync(file)) return { problems: [] };
  const shown = relative(process.cwd(), file);
  const text = readConfigText(file, shown);
  return text.ok ? parseContract(shown, text.value, stages) : unreadable(shown, text.failure);
}

/** Parses a contract file. @param file its path as problems show it */
export function parseContract(file: string, text: string, stages?: readonly string[]): ReadContract {
  const read = readConfigFile(file, text);
  if (!read.ok) return unreadable(file, read.failure);
  const { value: raw, problemAt } = read.value;
  const checked = checkAgainst(contractSchema, raw);
  const findings = checked.ok ? [] : checked.failure;
  const repaired = checked.ok
    ? { value: checked.value, replaced: [] }
    : repair(raw, contractSchema, findings, PLACEHOLDERS);
  if (repaired === undefined)
    return unreadable(
      file,
      findings.map(({ path, message }) => problemAt(path, message)),
    );

  const { value, replaced } = repaired;
  const isReplaced = ({ path }: Finding) =>
    replaced.some((other) => other.every((part, index) => part === path[index]));
  const all = [...findings, ...checkMeaning(value, stages).filter((finding) => !isReplaced(finding))];
  const broken = new Set(all.map(({ path }) => path[0]));
  return {
    contract: {
      file,
      definitions: Object.fromEntries(Object.entries(value).filter(([name]) => !broken.has(name))),
      isBroken: (name) => broken.has(name),
      problemAt,
    },
    problems: all
      .map(({ path, message }) => problemAt(path, message))
      .toSorted(
        (one, other) => (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0),
      ),
  };
}

/** A file that cannot be read has any definition: only its own problems are reported. */
function unreadable(file: string, problems: readonly Problem[]): ReadContract {
  const problemAt = (path: readonly PropertyKey[], message: string) => ({
    file,
    path: path.join('.'),
    message,
  });
  return { contract: { file, definitions: {}, isBroken: () => true, problemAt }, problems };
}

/** What stands in the place of a required value that is wrong, by its key, so that the rest can be checked. */
const PLACEHOLDERS: Readonly<Record<string, unknown>> = { 'event-id': 'placeholder', key: 'text' };

type Definitions = Readonly<Record<string, Definition>>;

/** What is wrong in definitions whose form is right. */
function checkMeaning(definitions: Definitions, stages: readonly string[] | undefined): readonly Finding[] {
  return Object.entries(definitions).flatMap(([name, definition]) => [
    ...(stages === undefined ? [] : checkStageNames(name, definition, stages)),
    ...checkSharedId(name, definitions),
    ...checkTexts(name, definition),
    ...checkDays(name, definition),
    ...checkCount(name, definition),
  ]);
}

const BY_STAGE = ['event-id', 'valid-from', 'valid-until'] as const;

function checkStageNames(
  name: string,
  definition: Definition,
  stages: readonly string[],
): readonly Finding[] {
  return BY_STAGE.flatMap((key) => {
    const value = definition[key];
    const named = typeof value === 'object' ? Object.keys(value) : [];
    return named
      .filter((stage) => !stages.includes(stage))
      .map((stage) => {
        const advice = didYouMean(stage, stages, `The stages are: ${stages.join(', ')}.`);
        return { path: [name, key, stage], message: `is not a stage. ${advice}` };
      });
  });
}

/** Two messages with one id are one message. */
function checkSharedId(name: string, definitions: Definitions): readonly Finding[] {
  const own = definitions[name];
  const earlier = Object.entries(definitions).slice(0, Object.keys(definitions).indexOf(name));
  const found = idsOf(own).flatMap(({ stage, id }) => {
    const other = earlier.find(([, one]) =>
      idsOf(one).some((taken) => taken.id === id && meet(taken.stage, stage)),
    );
    const path = [name, 'event-id', ...(stage === undefined ? [] : [stage])];
    return other === undefined
      ? []
      : [
          {
            path,
            message: `is the id of "${other[0]}" too. Give each definition its own, or remove one of the two.`,
          },
        ];
  });
  return found;
}

type StageId = { readonly stage: string | undefined; readonly id: string };

/** The ids of a definition, each with its stage, or without one where it is of all. */
export function idsOf(definition: Definition | undefined): readonly StageId[] {
  const id = definition?.['event-id'] ?? {};
  if (typeof id === 'string') return [{ stage: undefined, id }];
  return Object.entries(id).map(([stage, one]) => ({ stage, id: one }));
}

/** Whether two ids are of the same tenant, as far as can be told: an id without a stage is of all. */
function meet(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || one === other;
}

function checkTexts(name: string, definition: Definition): readonly Finding[] {
  const ids = idsOf(definition).map(({ stage, id }) => ({
    path: [name, 'event-id', ...(stage === undefined ? [] : [stage])],
    text: id,
  }));
  const examples = Object.entries(definition.parameters).map(([parameter, { example = '' }]) => ({
    path: [name, 'parameters', parameter, 'example'],
    text: example,
  }));
  return [...ids, ...examples]
    .filter(({ text }) => isNullVariant(text))
    .map(({ path, text }) => ({
      path,
      message: `reads "${text}", which Webex Campaign refuses as a value. Write what is meant.`,
    }));
}

/** A definition that ends before it begins is valid on no day. */
function checkDays(name: string, definition: Definition): readonly Finding[] {
  const from = definition['valid-from'];
  const until = definition['valid-until'];
  const stages = [from, until].flatMap((days) => (typeof days === 'object' ? Object.keys(days) : []));
  const wrong = ['', ...stages].some((stage) => {
    const [first, last] = [dayOf(from, stage), dayOf(until, stage)];
    return first !== undefined && last !== undefined && last < first;
  });
  const message = 'is before "valid-from": the definition would be valid on no day. Correct one of the two.';
  return wrong ? [{ path: [name, 'valid-until'], message }] : [];
}

function checkCount(name: string, { parameters }: Definition): readonly Finding[] {
  const { length } = Object.keys(parameters);
  if (length <= MAX_PARAMETERS) return [];
  const message = `has ${length} parameters; Webex Campaign takes ${MAX_PARAMETERS}. Remove some.`;
  return [{ path: [name, 'parameters'], message }];
}

/** The day of a stage, as `2027-06-30`, where one is given for it or for all stages. */
export function dayOf(days: Definition['valid-until'], stage: string): string | undefined {
  if (days === undefined || typeof days === 'string') return days;
  return Object.hasOwn(days, stage) ? days[stage] : undefined;
}

/** The definitions that have an id in a stage, by that id. */
export function definitionsById(
  { definitions }: Contract,
  stage: string,
): ReadonlyMap<string, { readonly name: string; readonly definition: Definition }> {
  return new Map(
    Object.entries(definitions).flatMap(([name, definition]) => {
      const id = eventIdOf(definition, stage);
      return id === undefined ? [] : [[id, { name, definition }] as const];
    }),
  );
}

/** The stages that have ids of their own. */
export function stagesIn({ definitions }: Contract): readonly string[] {
  return Object.values(definitions).flatMap((one) => idsOf(one).flatMap(({ stage }) => stage ?? []));
}

/** The definition that an event names, if it is there and in order. */
export function definitionOf(
  { definition: name }: Pick<WrittenEvent, 'definition'>,
  contract: Contract | undefined,
): Definition | undefined {
  return name !== undefined && contract !== undefined && Object.hasOwn(contract.definitions, name)
    ? contract.definitions[name]
    : undefined;
}

/** The parameters without which Webex Campaign refuses an event. */
export function mandatoryOf({ parameters }: Definition): readonly string[] {
  return Object.entries(parameters).flatMap(([name, { mandatory }]) => (mandatory ? [name] : []));
}

/** Where in the contract file a value stands, for a sentence: `webex-events.yaml:14`. */
export function placeInContract({ problemAt }: Contract, path: readonly PropertyKey[]): string {
  const { file, line } = problemAt(path, '');
  return line === undefined ? file : `${file}:${line}`;
}

/** What a contract file may hold, for editors. It covers keys and forms; the check covers the rest. */
export function contractJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(contractSchema, { io: 'input' });
  return {
    $schema,
    title: 'Event definitions of Webex Campaign, for the Webhook Adapter',
    description: 'Which messages there are, and what each takes: docs/contract.md',
    ...schema,
  };
}
