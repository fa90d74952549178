import { join } from 'node:path';
import type { Command } from 'commander';
import { readStory } from '../../answers/ledger-items.ts';
import {
  type Account,
  type AccountChoice,
  findMapping,
  openAccount,
  PROJECT,
  projectOf,
} from '../../answers/project.ts';
import { ledgerKey } from '../../lambdas/deliver/ledger/entry.ts';
import { identifyWebhook } from '../../lambdas/ingest/identity.ts';
import { formatProblems } from '../../lib/config/file.ts';
import { INVOCATION, joinLines } from '../../lib/config/terminal.ts';
import type { MappingFile } from '../../lib/mapping/file.ts';
import { readExamples } from '../../lib/mapping/folders.ts';
import type { Flaws } from '../../signing/flawed-webhook.ts';
import { type SignedSample, signSample } from '../../signing/samples.ts';
import { type CommandResult, example, refuse, run, withAccount } from '../command-line.ts';

export type SendOptions = AccountChoice &
  Flaws & {
    readonly source: string;
    readonly sample: string;
    /** A webhook URL as the stack's outputs have it, or its beginning without `/webhooks/…`. */
    readonly url?: string | undefined;
    readonly json?: boolean | undefined;
  };

export function registerSend(program: Command): void {
  const command = program
    .command('send')
    .description('sign a sample as its vendor would and post it')
    .requiredOption('--source <name>', 'the source, as its mapping folder is named')
    .requiredOption(
      '--sample <name>',
      'the sample: a file of samples/payloads/<source>, an event type, or an example of the mapping folder',
    )
    .option(
      '--url <url>',
      'where to post: the webhook URL, as the outputs of the stack have it (default: the local run, whose secret signs unless --stack is given)',
    )
    .option('--tamper', 'change the body after it was signed')
    .option('--stale', 'sign with a timestamp that is too old')
    .option('--unsigned', 'send no signature');
  withAccount(command)
    .addHelpText('after', example('send --source stripe --sample invoice.payment_failed'))
    .action((options) => run(() => send(projectOf(PROJECT, options).mappings, options)));
}

/** `adapter send`: signs a sample as its vendor would, posts it, and shows the answer. */
export async function send(mappingsDirectory: string, options: SendOptions): Promise<CommandResult> {
  const mapping = findMapping({ mappings: mappingsDirectory }, options.source);
  if (!mapping.ok) return refuse(mapping.failure);
  const account = await openAccount(options);
  if (!account.ok) {
    const why =
      options.url === undefined ? '' : ' --url says where to post; the signing secret is read from there.';
    return refuse(`${account.failure}${why}`);
  }
  const base = options.url?.replace(/\/webhooks\/[^/]+$/, '') ?? account.value.url;
  if (base === undefined) return refuse('With --stack, give the webhook URL too: --url https://…');

  const { tamper, stale, unsigned } = options;
  const { source } = mapping.value;
  const { examples, problems } = readExamples(join(mappingsDirectory, source), source);
  const ofSample = problems.filter(({ file }) => file.includes(`/examples/${options.sample}.`));
  if (ofSample.length > 0) return refuse(formatProblems(ofSample));
  const signed = await signSample(mapping.value, {
    sample: options.sample,
    examples,
    url: base.replace(/\/$/, ''),
    account: account.value,
    flaws: { tamper, stale, unsigned },
  });
  if (!signed.ok) return refuse(signed.failure);
  const earlier = await findEarlier(mapping.value, signed.value, account.value);
  return post(new URL(signed.value.path, base), signed.value, { asJson: options.json === true, earlier });
}

/** The same webhook, as the ledger has it from before. Signing does not need the ledger: who may not read it is told nothing. */
type Earlier = { readonly deduplicationId: string; readonly takenAt: Date };

async function findEarlier(
  { source, profile }: MappingFile,
  { headers, body }: SignedSample,
  account: Account,
): Promise<Earlier | undefined> {
  const identity = identifyWebhook(profile, { headers: new Map(Object.entries(headers)), rawBody: body });
  if (!identity.ok) return undefined;
  const { deduplicationId } = identity.value;
  const { webhook } = ledgerKey({ source, deduplicationId }, { name: '' });
  const story = await readStory(account, webhook).catch(() => undefined);
  const takenAt = story?.intakeRecords[0]?.takenAt;
  return takenAt && { deduplicationId, takenAt };
}

function formatEarlier({ deduplicationId, takenAt }: Earlier): string {
  return (
    `A duplicate: ${deduplicationId} was taken from the buffer at ${takenAt.toISOString()} already. What was delivered then is not ` +
    `sent again: ${INVOCATION} explain ${deduplicationId}`
  );
}

async function post(
  url: URL,
  { sample, headers, body: sent }: SignedSample,
  { asJson, earlier }: { readonly asJson: boolean; readonly earlier: Earlier | undefined },
): Promise<CommandResult> {
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: 'POST',
      headers,
      body: new Uint8Array(sent),
      redirect: 'manual',
    });
  } catch (error) {
    return refuse(`${url} could not be reached: ${error instanceof Error ? error.message : error}`);
  }
  const body = await answer.text();
  const text = asJson
    ? JSON.stringify({
        ...{ url: url.href, eventType: sample.eventType, status: answer.status, body },
        ...(earlier && { duplicateOf: earlier }),
      })
    : joinLines([
        `POST ${url}  ${sample.eventType}, ${sent.length} bytes`,
        `HTTP ${answer.status}  ${body}`,
        ...(earlier && answer.ok ? [formatEarlier(earlier)] : []),
      ]);
  return { text, exitCode: answer.ok ? 0 : 1 };
}
