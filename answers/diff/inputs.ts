import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import type { Problem } from '../../lib/config/file.ts';
import { foldersOf, readExamples, readMappingFolders } from '../../lib/mapping/folders.ts';
import { resolveMapping } from '../../lib/mapping/schema.ts';
import { dateSample, findSample, sampleNames } from '../../signing/samples.ts';
import { readDeadLetters, webhookOf } from '../dead-letters/dead-letter.ts';
import { type Account, contractFileOf, type Project, projectOf } from '../project.ts';
import { type ComparedWebhook, namesOf, type SideSource } from './outcome.ts';

/** The sources of a project for one stage; none where it has no mapping folder. Fails with the problems of its files. */
export function readSources(
  project: Project,
  stage: string,
): Result<readonly SideSource[], readonly Problem[]> {
  const ofStage = projectOf(project, { stage });
  if (foldersOf(ofStage.mappings).length === 0) return succeed([]);
  const read = readMappingFolders(ofStage.mappings, undefined, contractFileOf(ofStage));
  if (!read.ok) return read;
  return succeed(read.value.map((file) => ({ profile: file.profile, mapping: resolveMapping(file, stage) })));
}

/** Webhooks to compare by, and how many could not be read. */
type Webhooks = { readonly webhooks: readonly ComparedWebhook[]; readonly unread: number };

/** The examples in the mapping folders of some stages. */
export function readAllExamples(project: Project, stages: readonly string[]): Webhooks {
  const directories = new Set(stages.map((stage) => projectOf(project, { stage }).mappings));
  const read = [...directories].flatMap((directory) =>
    foldersOf(directory).map((folder) => ({ folder, ...readExamples(join(directory, folder), folder) })),
  );
  return {
    webhooks: read.flatMap(({ folder, examples }) =>
      examples.map((example) => comparedExample(folder, example)),
    ),
    unread: read.reduce((sum, { problems }) => sum + new Set(problems.map(({ file }) => file)).size, 0),
  };
}

type Example = ReturnType<typeof readExamples>['examples'][number];

function comparedExample(source: string, { name, path, webhook }: Example): ComparedWebhook {
  const title = titleIn(readFileSync(path, 'utf8'));
  return { name, from: 'example', ...(title !== '' && { title }), source, webhook };
}

/** The comment at the top of an example says what it is an example of. */
function titleIn(text: string): string {
  const [comment = ''] = /^(?:#[^\n]*\n)*/.exec(text.replaceAll('\r\n', '\n')) ?? [];
  const lines = comment.split('\n').map((line) => line.replace(/^#+\s*/, '').trim());
  return lines.filter((line) => line !== '' && !line.startsWith('yaml-language-server')).join(' ');
}

/**
 * Today's examples, and those of before that are gone or have another webhook now: otherwise a change of the examples could
 * hide one of the mapping.
 */
export function withFormerExamples(
  today: readonly ComparedWebhook[],
  before: readonly ComparedWebhook[],
): readonly ComparedWebhook[] {
  const byName = new Map(today.map((one) => [one.name, one]));
  const former = before.flatMap((one) => {
    const now = byName.get(one.name);
    if (now === undefined) return [one];
    return textOf(now) === textOf(one) ? [] : [{ ...one, name: `${one.name} (as it was)` }];
  });
  return [...today, ...former];
}

function textOf({ webhook: { rawBody, headers, receivedAt } }: ComparedWebhook): string {
  const named = headers instanceof Map ? [...headers] : headers;
  return JSON.stringify([Buffer.from(rawBody).toString('base64'), named, receivedAt]);
}

/** When all samples are taken to have come in: the same on every day, so that the same mappings differ in the same way. */
const SAMPLES_AT = new Date('2026-01-01T00:00:00Z');

/** The samples of vendors that belong to some sources. */
export function readSamples(sources: readonly SideSource[]): readonly ComparedWebhook[] {
  const names = new Set(sources.flatMap(namesOf));
  return [...names].flatMap((source) =>
    sampleNames(source).flatMap((name): readonly ComparedWebhook[] => {
      const found = findSample(source, name);
      if (!found.ok) return [];
      const { path: shown, headers, body } = dateSample(found.value, SAMPLES_AT);
      const all = Object.entries({ 'content-type': 'application/json', ...headers });
      const byName = new Map(all.map(([header, value]) => [header.toLowerCase(), value]));
      const webhook = { rawBody: body, headers: byName, receivedAt: SAMPLES_AT };
      return [{ name: shown, from: 'sample', source, webhook }];
    }),
  );
}

/** The webhooks that lie in the dead-letter queue; all of them stay there. Fails with a sentence if AWS refuses. */
export async function readDeadLetterWebhooks(account: Account): Promise<Result<Webhooks, string>> {
  try {
    const read = await readDeadLetters(account);
    const webhooks = read.flatMap((deadLetter): readonly ComparedWebhook[] => {
      const webhook = webhookOf(deadLetter);
      const name = `dead letter ${deadLetter.id}`;
      return webhook === undefined ? [] : [{ name, from: 'dead-letter', source: webhook.source, webhook }];
    });
    return succeed({ webhooks, unread: read.length - webhooks.length });
  } catch (error) {
    if (!(error instanceof Error) || !/AccessDenied/.test(error.name)) throw error;
    return fail(`${error.message}\nDead letters are read by grantRead; --no-dead-letters leaves them out.`);
  }
}
