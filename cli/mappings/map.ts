import { existsSync, type FSWatcher, readFileSync, watch as watchFile, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { parseDocument } from 'yaml';
import * as z from 'zod';
import { formatPreview, previewJson } from '../../answers/dead-letters/preview.ts';
import { findMapping, findStage, PROJECT, type Project, projectOf } from '../../answers/project.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { formatProblems } from '../../lib/config/file.ts';
import { print } from '../../lib/config/terminal.ts';
import {
  type Example,
  expectationOf,
  type Preview,
  previewWebhook,
  runExample,
} from '../../lib/mapping/examples/example.ts';
import type { MappingFile } from '../../lib/mapping/file.ts';
import { readExamples } from '../../lib/mapping/folders.ts';
import { type CommandResult, example, jsonOption, refuse, run } from '../command-line.ts';

export type MapOptions = {
  readonly mapping?: string | undefined;
  /** File of the webhook's body, byte for byte. */
  readonly body?: string | undefined;
  /** File of its headers: a JSON object, or lines of `Name: value`. */
  readonly headers?: string | undefined;
  readonly stage?: string | undefined;
  /** An example, `stripe/payment-failed`, in the place of a mapping and a body. */
  readonly example?: string | undefined;
  /** Records what the example becomes as its expectation. */
  readonly accept?: boolean | undefined;
  readonly json?: boolean | undefined;
};

export function registerMap(program: Command): void {
  program
    .command('map')
    .description('show what a webhook becomes, event by event, without sending anything')
    .option('--mapping <name>', 'the mapping folder')
    .option('--body <file>', "the webhook's body")
    .option('--headers <file>', 'its headers: a JSON object, or lines of "Name: value"')
    .option('--example <name>', 'an example in the place of these: stripe/payment-failed')
    .option('--accept', 'record what the example becomes as what it is expected to become')
    .option('--stage <name>', 'whose mappings and event ids to take (default: the first of stages.yaml)')
    .option('--watch', 'show it again whenever a file is saved')
    .addOption(jsonOption())
    .addHelpText('after', example('map --example stripe/payment-failed'))
    .action((options) => {
      const project = projectOf(PROJECT, options);
      const map = () => run(() => mapCommand(project, options));
      return options.watch === true ? watch(project, options, map) : map();
    });
}

/** `adapter map`: shows what a webhook would become, event by event, without sending anything. */
export async function mapCommand(project: Project, options: MapOptions): Promise<CommandResult> {
  const problem = checkUsage(options);
  if (problem !== undefined) return refuse(problem);
  const stage = findStage(project, options.stage);
  if (!stage.ok) return refuse(stage.failure);
  const { example } = options;
  return example === undefined
    ? mapBody(project, options, stage.value)
    : showExample(project, { ...options, example }, stage.value);
}

function checkUsage({ mapping, body, example, accept }: MapOptions): string | undefined {
  if (example === undefined) {
    if (accept === true) return '--accept goes with --example: there is nowhere else to record it.';
    return mapping === undefined || body === undefined
      ? 'Give --mapping and --body, or --example.'
      : undefined;
  }
  return body === undefined && mapping === undefined
    ? undefined
    : 'Give --example, or --mapping and --body, not both.';
}

async function showExample(
  project: Project,
  { example, accept, json }: MapOptions & { readonly example: string },
  stage: string,
): Promise<CommandResult> {
  const mapped = await mapExample(project, example, stage);
  if (!mapped.ok) return refuse(mapped.failure);
  return accept === true ? acceptExample(mapped.value) : show(mapped.value, stage, json);
}

async function mapBody(project: Project, options: MapOptions, stage: string): Promise<CommandResult> {
  const { mapping: name = '', body = '', headers, json } = options;
  const mapping = findMapping(project, name);
  if (!mapping.ok) return refuse(mapping.failure);
  const bytes = readBytes(body);
  if (!bytes.ok) return refuse(bytes.failure);
  const read = headers === undefined ? succeed(new Map<string, string>()) : readHeaders(headers);
  if (!read.ok) return refuse(read.failure);

  const webhook = { rawBody: bytes.value, headers: read.value, receivedAt: new Date() };
  const preview = await previewWebhook(mapping.value, webhook, stage);
  const shown = show({ mapping: mapping.value, preview }, stage, json);
  const isBroken = preview.outcome === 'rejected' && preview.failure.code === 'body-not-json';
  const where = isBroken && json !== true ? explainBroken(bytes.value) : '';
  return where === '' ? shown : { ...shown, text: `${shown.text}\n${body}: ${where}` };
}

/** Where JSON breaks off, as the parser says it: by position, or by the text around it. */
function explainBroken(bytes: Uint8Array): string {
  try {
    JSON.parse(Buffer.from(bytes).toString('utf8'));
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
}

function show(
  { mapping, preview }: { readonly mapping: MappingFile; readonly preview: Preview },
  stage: string,
  json: boolean | undefined,
): CommandResult {
  const text =
    json === true
      ? JSON.stringify(previewJson(mapping, preview), null, 2)
      : formatPreview(mapping, preview, stage);
  return { text, exitCode: isRejected(preview) ? 1 : 0 };
}

/** Whether ingest would refuse the webhook, or one of its events would become a dead letter. */
function isRejected(preview: Preview): boolean {
  if (preview.outcome !== 'mapped') return preview.outcome === 'rejected';
  return preview.events.some(({ kind }) => kind === 'rejected');
}

function readBytes(file: string): Result<Uint8Array, string> {
  return existsSync(file) ? succeed(readFileSync(file)) : fail(`There is no file ${file}.`);
}

const headersSchema = z.record(z.string(), z.union([z.string(), z.array(z.string())]));

function readHeaders(file: string): Result<ReadonlyMap<string, string>, string> {
  const bytes = readBytes(file);
  if (!bytes.ok) return bytes;
  const text = Buffer.from(bytes.value).toString('utf8');
  const pairs = text.trimStart().startsWith('{') ? pairsOfJson(text) : pairsOfLines(text);
  if (pairs === undefined) {
    return fail(`${file}: expected a JSON object of headers, or lines of "Name: value".`);
  }
  return succeed(new Map(pairs.map(([name, value]) => [name.trim().toLowerCase(), value.trim()])));
}

type Pairs = readonly (readonly [name: string, value: string])[];

function pairsOfJson(text: string): Pairs | undefined {
  try {
    const headers = headersSchema.parse(JSON.parse(text));
    return Object.entries(headers).map(([name, value]) => [name, [value].flat().join(',')]);
  } catch {
    return undefined;
  }
}

function pairsOfLines(text: string): Pairs | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.some((line) => !/^[^\s:]+:/.test(line))) return undefined;
  return lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]);
}

/** An example, its mapping, and what it becomes. */
type MappedExample = {
  readonly mapping: MappingFile;
  readonly example: Example;
  readonly preview: Preview;
};

/** Finds an example by its name, `stripe/payment-failed`, and maps its webhook. */
async function mapExample(
  project: Project,
  name: string,
  stage: string,
): Promise<Result<MappedExample, string>> {
  const [source = ''] = name.split('/');
  const mapping = findMapping(project, source);
  if (!mapping.ok) return mapping;
  const { examples, problems } = readExamples(join(project.mappings, source), source);
  const example = examples.find((one) => one.name === name);
  if (example === undefined) {
    const known = examples.map((one) => one.name).join(', ');
    return fail(
      [`There is no example "${name}". There are: ${known}.`, formatProblems(problems)].join('\n').trim(),
    );
  }
  const { preview } = await runExample(mapping.value, example, stage);
  return succeed({ mapping: mapping.value, example, preview });
}

/** Records what an example became as its expectation; all else in the file stays as it is. */
export function acceptExample({ example, preview }: MappedExample): CommandResult {
  const expectation = expectationOf(preview);
  const text = readFileSync(example.path, 'utf8');
  const isJson = example.path.endsWith('.json');
  writeFileSync(example.path, isJson ? asJson(text, expectation) : asYaml(text, expectation));
  const what = typeof expectation === 'string' ? expectation : 'what it becomes now';
  const isOld = Array.isArray(expectation) && expectation.some(({ expired }) => expired !== undefined);
  const hint = isOld ? '\nIt was too old when it came in: say when it did, with received-at.' : '';
  return { text: `${example.file}: expects ${what}. Read it before you commit it.${hint}`, exitCode: 0 };
}

function asYaml(text: string, expectation: unknown): string {
  // Long numbers keep all of their digits.
  const document = parseDocument(text, { intAsBigInt: true });
  document.set('expect', document.createNode(expectation));
  return document.toString({ lineWidth: 0 });
}

function asJson(text: string, expectation: unknown): string {
  return `${JSON.stringify({ ...JSON.parse(text), expect: expectation }, null, 2)}\n`;
}

/** Editors write a file in several steps. */
const SETTLE_MILLISECONDS = 100;

/** Shows it now, and again whenever a mapping, an example, the body or the headers are saved; until Ctrl-C. */
async function watch(
  { mappings }: Project,
  { body, headers }: MapOptions,
  show: () => Promise<void>,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const showSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      print(`\n── ${new Date().toLocaleTimeString()}`);
      await show();
    }, SETTLE_MILLISECONDS);
  };
  const watchers: FSWatcher[] = [watchFile(mappings, { recursive: true }, showSoon)];
  for (const file of [body, headers]) {
    // The folder rather than the file: many editors put a new file in the place of the old one.
    if (file !== undefined) watchers.push(watchFile(dirname(file), showSoon));
  }
  // Only now, so that no change is missed.
  await show();
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  clearTimeout(timer);
  for (const watcher of watchers) watcher.close();
}
