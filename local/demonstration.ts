import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Mapped } from '../lambdas/map/webhook.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import type { Example } from '../lib/mapping/examples/example.ts';
import { previewWebhook, wasTooOld } from '../lib/mapping/examples/example.ts';
import type { MappingFile } from '../lib/mapping/file.ts';
import { LOCAL_STACK, LOCAL_STAGE } from '../lib/stages/synthesize.ts';
import { type SignedSample, sampleNames, signSample } from '../signing/samples.ts';
import { CREDENTIALS } from './emulator/template.ts';
import type { DeliverLine, IngestLine, LocalRun } from './run.ts';

/** A mapping, and the examples of its folder, which can be sent as samples can. */
export type Demonstrable = { readonly mapping: MappingFile; readonly examples: readonly Example[] };

/** A sample of a source that has a mapping folder, or an example of the folder. */
export type Demonstrated = Demonstrable & { readonly sample: string };

/** The samples that are chosen first; other sources take the place of those that are not there. */
const FIRST: readonly (readonly [source: string, sample: string])[] = [
  ['stripe', 'invoice.payment_failed'],
  ['shopify', 'orders.create'],
];

/** How many sources the demonstration shows. */
const MOST = 2;

/** Both functions start cold, on whatever machine this is. */
const PATIENCE_MILLISECONDS = 30_000;

/** What became of one webhook at every stage; a stage that it has not reached is missing. */
export type Story = {
  readonly signed: SignedSample;
  readonly answer: { readonly status: number; readonly body: string };
  readonly ingest?: IngestLine;
  readonly mapped: readonly Mapped[];
  /** The last line of each event that it became, of those that came in time. */
  readonly deliver: readonly DeliverLine[];
  readonly milliseconds: number;
};

/**
 * Chooses what the demonstration sends: one sample of each of two sources, among those that can be signed here and become
 * an event. There may be fewer, or none: a mapping folder needs neither sample nor example.
 */
export async function chooseSamples(
  run: Pick<LocalRun, 'stack'>,
  mappings: readonly Demonstrable[],
): Promise<readonly Demonstrated[]> {
  const chosen = new Map<string, Demonstrated>();
  for (const candidate of candidatesAmong(mappings)) {
    const { source } = candidate.mapping;
    if (chosen.size === MOST || chosen.has(source)) continue;
    if (await becomesEvent(run, candidate)) chosen.set(source, candidate);
  }
  return [...chosen.values()];
}

function candidatesAmong(mappings: readonly Demonstrable[]): readonly Demonstrated[] {
  const all = mappings.flatMap(({ mapping, examples }) =>
    namesToSend({ mapping, examples }).map((sample) => ({ mapping, examples, sample })),
  );
  const order = ({ mapping, sample }: Demonstrated) => {
    const place = FIRST.findIndex(([source]) => source === mapping.source);
    if (place === -1) return FIRST.length;
    return FIRST[place]?.[1] === sample ? place : place + 0.5;
  };
  return all.toSorted((one, other) => order(one) - order(other));
}

/** What can be sent of a source: its samples, then the examples of its folder. */
export function namesToSend({ mapping: { source }, examples }: Demonstrable): readonly string[] {
  const ofFolder = examples.map(({ name }) => name.slice(source.length + 1));
  return [...new Set([...sampleNames(source), ...ofFolder])];
}

/** Whether an event is delivered of it today: an example may be too old by now for the mapping's `max-age`. */
async function becomesEvent(run: Pick<LocalRun, 'stack'>, candidate: Demonstrated): Promise<boolean> {
  const signed = await signLocally(run, candidate);
  if (!signed.ok) return false;
  const mapped = await mapSample(candidate.mapping, signed.value);
  return mapped.some((event) => event.kind === 'event' && !wasTooOld(event, new Date()));
}

/** Sends a sample through a local run and follows it to its end; fails with a sentence if it cannot be signed. */
export async function playSample(
  { stack, lines }: LocalRun,
  demonstrated: Demonstrated,
): Promise<Result<Story, string>> {
  const { mapping } = demonstrated;
  const signed = await signLocally({ stack }, demonstrated);
  if (!signed.ok) return fail(signed.failure);
  const { sample, headers, path } = signed.value;

  const startedAt = performance.now();
  const response = await fetch(new URL(path, stack.url), {
    method: 'POST',
    headers,
    body: new Uint8Array(sample.body),
  });
  const answer = { status: response.status, body: await response.text() };

  const ingest = await lines.find(
    (line) => (line.stage === 'ingest' && line.source === mapping.source ? line : undefined),
    response.ok ? PATIENCE_MILLISECONDS : 0,
  );
  const mapped = await mapSample(mapping, signed.value);
  const deliver: DeliverLine[] = [];
  for (const event of mapped) {
    const line = await lines.find(
      (one) => (one.stage === 'deliver' && isEndOf(one, event, ingest) ? one : undefined),
      ingest?.code === 'buffered' ? PATIENCE_MILLISECONDS : 0,
    );
    if (line !== undefined) deliver.push(line);
  }
  const milliseconds = Math.round(performance.now() - startedAt);
  return succeed({
    signed: signed.value,
    answer,
    mapped,
    deliver,
    milliseconds,
    ...(ingest && { ingest }),
  });
}

/** What the mapping makes of a sample, beside what the functions made of it. */
async function mapSample(
  mapping: MappingFile,
  { sample, headers }: SignedSample,
): Promise<readonly Mapped[]> {
  const byLowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const webhook = { rawBody: sample.body, headers: new Map(byLowerCase), receivedAt: new Date() };
  const preview = await previewWebhook(mapping, webhook, LOCAL_STAGE);
  return preview.outcome === 'mapped' ? preview.events : [];
}

/** Signs a sample with the secret that the local run's Secrets Manager holds. */
export function signLocally(
  { stack }: Pick<LocalRun, 'stack'>,
  { mapping, examples, sample }: Demonstrated,
): Promise<Result<SignedSample, string>> {
  const secretsManager = new SecretsManagerClient({
    region: stack.region,
    endpoint: stack.endpoints.secretsManager,
    credentials: CREDENTIALS,
  });
  return signSample(mapping, {
    sample,
    examples,
    url: stack.url,
    account: { stackName: LOCAL_STACK, secretsManager },
  });
}

/** Whether every event of the webhook was accepted by Webex Campaign. */
export function isDelivered({ deliver, mapped }: Story): boolean {
  const outcomes = deliver.map(({ outcome }) => outcome);
  return (
    outcomes.length === mapped.length &&
    outcomes.includes('delivered') &&
    outcomes.every((outcome) => outcome === 'delivered' || outcome === 'skipped')
  );
}

function isEndOf(line: DeliverLine, event: Mapped, ingest: IngestLine | undefined): boolean {
  const isSameWebhook = line.source === ingest?.source && line.deduplicationId === ingest?.deduplicationId;
  const isSameEvent = line.event === event.name && line.item === event.item;
  return isSameWebhook && isSameEvent && line.outcome !== 'retry-later';
}
