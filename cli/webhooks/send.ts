import { type AccountChoice, openAccount } from '../../answers/account.ts';
import { INVOCATION } from '../../lib/config/invocation.ts';
import { readMappingFolders } from '../../lib/mapping/folders.ts';
import type { Flaws } from '../../signing/flawed-webhook.ts';
import { type SignedSample, signSample } from '../../signing/signed-sample.ts';
import { type CommandResult, refuse } from '../command-line.ts';

export type SendOptions = AccountChoice &
  Flaws & {
    readonly source: string;
    readonly sample: string;
    /** A webhook URL as the stack's outputs have it, or what it begins with, without `/webhooks/…`. */
    readonly url?: string | undefined;
    readonly json?: boolean | undefined;
  };

/** `adapter send`: signs a sample as its vendor would, posts it, and shows the answer. */
export async function send(mappingsDirectory: string, options: SendOptions): Promise<CommandResult> {
  const mappings = readMappingFolders(mappingsDirectory);
  if (!mappings.ok)
    return refuse(`The mapping folders have problems: run "${INVOCATION} validate" to see them.`);
  const mapping = mappings.value.find(({ source }) => source === options.source);
  if (mapping === undefined) {
    const known = mappings.value.map(({ source }) => source).join(', ');
    return refuse(`There is no mapping folder "${options.source}". There are: ${known}.`);
  }

  const account = await openAccount(options);
  if (!account.ok) return refuse(account.failure);
  const base = options.url?.replace(/\/webhooks\/[^/]+$/, '') ?? account.value.url;
  if (base === undefined) return refuse('With --stack, give the webhook URL too: --url https://…');

  const { tamper, stale, unsigned } = options;
  const signed = await signSample(mapping, {
    sample: options.sample,
    url: base.replace(/\/$/, ''),
    account: account.value,
    flaws: { tamper, stale, unsigned },
  });
  if (!signed.ok) return refuse(signed.failure);
  return post(new URL(signed.value.path, base), signed.value, options.json === true);
}

async function post(
  url: URL,
  { sample, headers, body: sent }: SignedSample,
  asJson: boolean,
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
    ? JSON.stringify({ url: url.href, eventType: sample.eventType, status: answer.status, body })
    : `POST ${url}  ${sample.eventType}, ${sent.length} bytes\nHTTP ${answer.status}  ${body}`;
  return { text, exitCode: answer.ok ? 0 : 1 };
}
