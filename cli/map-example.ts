import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { formatProblems } from '../lib/config-file.ts';
import { readExamples } from '../lib/map/check-mapping-folders.ts';
import type { Example } from '../lib/map/example-file.ts';
import { expectationOf } from '../lib/map/expectation.ts';
import type { MappingFile } from '../lib/map/mapping-file.ts';
import type { Preview } from '../lib/map/preview-webhook.ts';
import { runExample } from '../lib/map/run-example.ts';
import type { CommandResult } from './command-line.ts';
import { findMapping, type Project } from './project.ts';

/** An example, its mapping, and what it becomes. */
export type MappedExample = {
  readonly mapping: MappingFile;
  readonly example: Example;
  readonly preview: Preview;
};

/** Finds an example by its name, `stripe/payment-failed`, and maps its webhook. */
export async function mapExample(
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
  // A long number is written again as it was, every digit of it.
  const document = parseDocument(text, { intAsBigInt: true });
  document.set('expect', document.createNode(expectation));
  return document.toString({ lineWidth: 0 });
}

function asJson(text: string, expectation: unknown): string {
  return `${JSON.stringify({ ...JSON.parse(text), expect: expectation }, null, 2)}\n`;
}
