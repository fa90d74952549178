import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import * as z from 'zod';
import { LEDGER_DAYS } from '../../lambdas/deliver/ledger/entry.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { type Problem, readConfigFile, readConfigText } from '../config/file.ts';
import { contractBeside, type ReadContract, readContract, stagesIn } from './contract.ts';
import { checkStage, hintAtBareIds, uniqueOf } from './contract-check.ts';
import { checkCoverage, checkMandatory, collectPaths } from './examples/coverage.ts';
import { findDoubts, warnOfOpenHandshakes, warnOfRepeatedFacts } from './examples/doubts.ts';
import {
  checkExpectation,
  type Example,
  type ExampleRun,
  parseExample,
  runExample,
} from './examples/example.ts';
import { checkFormerNames, type MappingFile, parseMappingFile } from './file.ts';

/** The file that makes a folder a mapping folder. */
const MAPPING_FILE = 'mapping.yaml';

/** The mapping folders that are in order, and the problems of all of them. */
type CheckedFolders = {
  readonly mappings: readonly MappingFile[];
  readonly problems: readonly Problem[];
};

/** What the stages' folders hold, each folder checked once for all the stages that it is of. */
type CheckedStages = CheckedFolders & {
  readonly mappingsOf: (stage: string) => readonly MappingFile[];
};

/** What the stages of a project are checked against. */
export type ProjectTerms = {
  /** The file with the event definitions; there need not be one. */
  readonly contractFile: string;
  /** The day on which definitions have to be valid. */
  readonly today: Date;
  /** The stages whose event ids may be placeholders. */
  readonly placeholders: readonly string[];
  /**
   * The stages whose ids and days are checked.
   * @default all
   */
  readonly selected?: readonly string[] | undefined;
};

/** Checks the mapping folders of all stages. @param folderOf the directory with the mapping folders of a stage */
export async function checkStageMappings(
  stages: readonly string[],
  folderOf: (stage: string) => string,
  { contractFile, today, placeholders, selected = stages }: ProjectTerms,
): Promise<CheckedStages> {
  const contract = readContract(contractFile, stages);
  const checked = new Map<string, CheckedFolders>();
  for (const [folder, names] of Map.groupBy(stages, folderOf)) {
    checked.set(folder, await checkFolders(folder, names, contract));
  }
  const all = [...checked.values()];
  const mappings = all.flatMap((folder) => folder.mappings);
  const mappingsOf = (name: string) => checked.get(folderOf(name))?.mappings ?? [];
  const ofStages = selected.flatMap((stage) =>
    checkStage(mappingsOf(stage), { stage, today, placeholders: placeholders.includes(stage) }),
  );
  return {
    mappings,
    mappingsOf,
    problems: [
      ...contract.problems,
      ...all.flatMap(({ problems }) => problems),
      ...uniqueOf(ofStages),
      ...hintAtBareIds(mappings, stages[0] ?? '', relative(process.cwd(), contractFile)),
    ],
  };
}

/**
 * Checks every mapping folder, its examples included: the one check that `cdk synth`, `npm start`, `npm test` and
 * `adapter validate` share. Nothing may be deployed while there is a problem that is not a warning. The event definitions are
 * those of the contract file beside the directory; their days depend on the stage, and are not checked.
 */
export async function checkMappingFolders(
  directory: string,
  stages: readonly string[],
): Promise<CheckedFolders> {
  const contract = readContract(contractBeside(directory), stages);
  const { mappings, problems } = await checkFolders(directory, stages, contract);
  return { mappings, problems: [...contract.problems, ...problems, ...checkIds(mappings, stages)] };
}

async function checkFolders(
  directory: string,
  stages: readonly string[],
  contract: ReadContract,
): Promise<CheckedFolders> {
  const folders = foldersOf(directory);
  const checked = await Promise.all(
    folders.map((folder) => checkFolder(join(directory, folder), folder, { stages, contract })),
  );
  const mappings = checked.flatMap((folder) => folder.mappings);
  return {
    mappings,
    problems: [
      ...checkAnyFolder(directory, folders),
      ...checked.flatMap(({ problems }) => problems),
      ...checkFormerSources(mappings),
      ...warnOfSharedSecrets(mappings),
    ],
  };
}

/** Whoever knows the secret of one source can sign as any that shares it. */
function warnOfSharedSecrets(mappings: readonly MappingFile[]): readonly Problem[] {
  const bySecret = Map.groupBy(mappings, ({ secret }) => secret);
  return [...bySecret.values()].flatMap(([first, ...others]) =>
    others.map(({ source, problemAt }) => ({
      ...problemAt(
        ['secret'],
        `is the secret of ${first?.source}, too: who can sign as one can sign as both. Name it webhooks/${source}.`,
      ),
      severity: 'warning' as const,
    })),
  );
}

/** Whether every definition that is sent has an id in each of the stages. */
function checkIds(mappings: readonly MappingFile[], stages: readonly string[] = []): readonly Problem[] {
  return uniqueOf(stages.flatMap((stage) => checkStage(mappings, { stage, placeholders: true })));
}

async function checkFolder(
  path: string,
  folder: string,
  terms: { readonly stages: readonly string[]; readonly contract: ReadContract },
): Promise<CheckedFolders> {
  const file = readFolder(path, folder, terms);
  const { examples, problems } = readExamples(path, folder);
  if (!file.ok) return { mappings: [], problems: [...file.failure, ...problems] };
  const mapping = file.value;
  const [stage = ''] = terms.stages;
  const runs = await Promise.all(examples.map((example) => runExample(mapping, example, stage)));
  const known = await collectPaths(mapping, runs);
  const found = [
    ...warnOfRepeatedFacts(mapping),
    ...warnOfAges(mapping),
    ...warnOfTolerance(mapping),
    ...warnOfOpenHandshakes(mapping, examplesOfEvents(runs)),
    ...checkCoverage(mapping, runs, known),
    ...(await checkMandatory(mapping, runs, stage)),
    ...findDoubts(mapping, known),
    ...problems,
    // Where the contract has problems, the ids of its definitions are not known.
    ...(mapping.events.every((event) => event['event-id'] !== undefined)
      ? runs.flatMap(checkExpectation)
      : []),
  ];
  return { mappings: [mapping], problems: found };
}

/**
 * Warns of a `max-age` that has nothing to go by: without a timestamp in the signature, and without an `event-time`, a copy
 * of a webhook looks new whenever it is sent again.
 */
function warnOfAges({ profile, defaults, events, problemAt }: MappingFile): readonly Problem[] {
  if (hasSignedTime(profile.signature)) return [];
  return events.flatMap((event, index) => {
    const age = event['max-age'] ?? defaults['max-age'];
    const time = event['event-time'] ?? defaults['event-time'];
    if (age === undefined || time !== undefined) return [];
    const at = ['events', index, event['max-age'] === undefined ? 'name' : 'max-age'];
    return [{ ...problemAt(at, NO_TIME), severity: 'warning' as const }];
  });
}

const NO_TIME = `has a max-age, and nothing says when it happened: the signature of this source has no timestamp. Whoever has a copy of a webhook could send it again after ${LEDGER_DAYS} days, when the ledger has forgotten it. Add event-time.`;

/** Warns of a signed timestamp that is never too old: it is signed so that a copy of a webhook can be refused. */
function warnOfTolerance({ profile: { signature }, problemAt }: MappingFile): readonly Problem[] {
  const timestamp = 'timestamp' in signature ? signature.timestamp : undefined;
  if (timestamp === undefined || timestamp.toleranceSeconds !== undefined) return [];
  return [{ ...problemAt(['verify', 'timestamp'], NO_TOLERANCE), severity: 'warning' as const }];
}

const NO_TOLERANCE = `has no toleranceSeconds, so that no webhook is too old. Whoever has a copy of one could send it again after ${LEDGER_DAYS} days, when the ledger has forgotten it. Add toleranceSeconds: 300, or as long as the vendor repeats a webhook without signing it again.`;

function hasSignedTime(signature: MappingFile['profile']['signature']): boolean {
  if (signature.kind === 'custom') return signature.plugIn === 'mailgun';
  return 'timestamp' in signature && signature.timestamp !== undefined;
}

/** An example may also be of a handshake, or of what is ignored. */
function examplesOfEvents(runs: readonly ExampleRun[]): readonly Example[] {
  return runs.flatMap(({ example, preview }) => (preview.outcome === 'mapped' ? [example] : []));
}

/** Whether a problem keeps a mapping from being deployed. */
export function isError({ severity }: Problem): boolean {
  return severity === undefined;
}

/**
 * Reads every `<directory>/<source>/mapping.yaml`, and fails with the problems of all files at once. Examples are left out.
 * @param stages the stages that event ids have to be there for; not checked where none are given
 * @param contractFile the file with the event definitions; there need not be one
 */
export function readMappingFolders(
  directory: string,
  stages?: readonly string[],
  contractFile = contractBeside(directory),
): Result<readonly MappingFile[], readonly Problem[]> {
  const folders = foldersOf(directory);
  const contract = readContract(contractFile, stages);
  const files = folders.map((folder) => readFolder(join(directory, folder), folder, { stages, contract }));
  const mappings = files.flatMap((file) => (file.ok ? [file.value] : []));
  const problems = [
    ...contract.problems,
    ...checkAnyFolder(directory, folders),
    ...files.flatMap((file) => (file.ok ? [] : file.failure)),
    ...checkFormerSources(mappings),
    ...checkIds(mappings, stages),
  ];
  return problems.length > 0 ? fail(problems) : succeed(mappings);
}

function checkFormerSources(mappings: readonly MappingFile[]): readonly Problem[] {
  const sources = mappings.map(({ source, formerly, problemAt }) => ({
    name: source,
    formerly,
    problemAt: (place: number, message: string) => problemAt(['formerly', place], message),
  }));
  return checkFormerNames('source', sources);
}

/** The names of the mapping folders, sorted; none where the directory is not there. */
export function foldersOf(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** Without any mapping there is nothing to deploy: most likely it was looked for in the wrong place. */
function checkAnyFolder(directory: string, folders: readonly string[]): readonly Problem[] {
  if (folders.length > 0) return [];
  const file = relative(process.cwd(), directory) || '.';
  const message = existsSync(directory)
    ? 'has no mapping folder'
    : `is not there, seen from ${process.cwd()}`;
  return [{ file, path: '', message: `${message}. Add one: ${join(file, '<source>', MAPPING_FILE)}` }];
}

/** What the file of a mapping folder is checked against. */
type FileTerms = {
  readonly stages?: readonly string[] | undefined;
  /** @default that of the file beside the folder's directory */
  readonly contract?: ReadContract;
};

/** Reads and checks the file of one mapping folder. */
export function readFolder(
  path: string,
  folder: string,
  { stages, contract = readContract(contractBeside(dirname(path))) }: FileTerms = {},
): Result<MappingFile, readonly Problem[]> {
  const file = join(path, MAPPING_FILE);
  const shown = relative(process.cwd(), file);
  if (!existsSync(file)) {
    return fail([
      { file: shown, line: 1, column: 1, path: '', message: `is missing. Add a ${MAPPING_FILE}.` },
    ]);
  }
  const text = readConfigText(file, shown);
  return text.ok
    ? parseMappingFile(shown, text.value, { folder, stages, contract: contract.contract })
    : text;
}

/** The examples of a mapping folder, by their file names, and what is wrong in them. */
export function readExamples(
  path: string,
  folder: string,
): { readonly examples: readonly Example[]; readonly problems: readonly Problem[] } {
  const directory = join(path, 'examples');
  const files = existsSync(directory)
    ? readdirSync(directory)
        .filter((file) => /\.(ya?ml|json)$/.test(file))
        .sort()
    : [];
  const parsed = files.map((file) => {
    const whole = join(directory, file);
    return parseExample(`${folder}/${file.replace(/\.\w+$/, '')}`, whole, relative(process.cwd(), whole));
  });
  return {
    examples: parsed.flatMap((one) => (one.ok ? [one.value] : [])),
    problems: parsed.flatMap((one) => (one.ok ? [] : one.failure)),
  };
}

/** No more of a mapping file than this is read: its check reports what else is wrong in it. */
const eventIdsSchema = z.object({
  events: z.array(
    z.object({ 'event-id': z.record(z.string(), z.unknown()).catch({}) }).catch({ 'event-id': {} }),
  ),
});

/** The stages that the mapping files and the contract beside them name, where there is an id per stage, in their order. */
export function stagesNamedIn(directory: string): readonly string[] {
  const files = foldersOf(directory).map((folder) => join(directory, folder, MAPPING_FILE));
  const { contract } = readContract(contractBeside(directory));
  return [...new Set([...files.flatMap(stagesOfFile), ...(contract ? stagesIn(contract) : [])])];
}

function stagesOfFile(file: string): readonly string[] {
  const text = existsSync(file) ? readConfigText(file, file) : undefined;
  const read = text?.ok ? readConfigFile(file, text.value) : undefined;
  const parsed = eventIdsSchema.safeParse(read?.ok ? read.value.value : undefined);
  return (parsed.data?.events ?? []).flatMap((event) => Object.keys(event['event-id']));
}

/** A source of an earlier state of the mappings, and the names of its events. */
export type NamedSource = { readonly source: string; readonly events: readonly string[] };

/**
 * Warns of names that earlier mappings had and today's do not have, not even in `formerly`: what the ledger knows under them
 * is not found any more.
 * @param base what the earlier state is called
 */
export function warnOfVanished(
  earlier: readonly NamedSource[],
  mappings: readonly MappingFile[],
  { base, directory }: { readonly base: string; readonly directory: string },
): readonly Problem[] {
  return earlier.flatMap(({ source, events }) => {
    const now = mappings.find((one) => one.source === source || one.formerly?.includes(source));
    if (now === undefined) return [warning({ file: directory, path: '' }, explainSource(source, base))];
    const names = now.events.flatMap(({ name, formerly = [] }) => [name, ...formerly]);
    const place = now.problemAt(['events'], '');
    return events
      .filter((name) => !names.includes(name))
      .map((name) => warning(place, explainEvent(name, base)));
  });
}

function warning(place: Omit<Problem, 'message'>, message: string): Problem {
  return { ...place, message, severity: 'warning' };
}

function explainEvent(name: string, base: string): string {
  return (
    `"${name}" is an event in ${base}, and is gone here. If it has another name now, add "formerly: [${name}]" to it: ` +
    'else a webhook that is repeated is sent again. If it was removed, what waits of it becomes a dead letter (no-mapping).'
  );
}

function explainSource(source: string, base: string): string {
  return (
    `"${source}" is a source in ${base}, and is gone here. If its folder has another name now, add "formerly: [${source}]" ` +
    'at the top of its mapping.yaml, and leave "secret" as it was: webhooks to the old URL are still taken. ' +
    'If it was removed, its URL answers 404, and what waits of it becomes a dead letter (no-mapping).'
  );
}
