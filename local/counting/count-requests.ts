import type { CountedRequests, RequestCounts } from '../../cli/cost/request-counts.ts';
import { findMapping, PROJECT } from '../../cli/project.ts';
import { signingSecretsSchema } from '../../lambdas/ingest/signing-secrets.ts';
import { dateSample, findSample } from '../../signing/samples.ts';
import { signWebhook } from '../../signing/sign-webhook.ts';
import { type LocalRun, startLocalRun } from '../local-run.ts';
import { readLocalSecrets } from '../local-secrets.ts';
import type { Loopback } from '../loopback.ts';
import { startCountingProxy } from './counting-proxy.ts';
import { type Observed, tally } from './tally.ts';

/** Both functions start cold, on whatever machine this is. */
const PATIENCE_MILLISECONDS = 30_000;

/** As long as Stripe's ids are: the ledger's items are no larger than with true ones. */
const EVENT_ID = 'evt_1QZx0d2eZvKYlo2C8nXh7RtB';

type Watch = { readonly [Part in keyof Observed]: Observed[Part][number][] };

/** Runs the local stack behind counting proxies, sends it webhooks of each kind, and counts what each has asked for. */
export async function countRequests(): Promise<Omit<CountedRequests, 'at'>> {
  const watch: Watch = { requests: [], lines: [], calls: [] };
  const proxies: Loopback[] = [];
  const started = await startLocalRun(
    {
      port: 0,
      speed: 1,
      standBetween: async ({ sqs, secretsManager, dynamoDb }) => {
        const [queues, secrets, tables] = await Promise.all(
          [sqs, secretsManager, dynamoDb].map(async (url) => {
            const proxy = await startCountingProxy(url, (request) => watch.requests.push(request));
            proxies.push(proxy);
            return proxy.url;
          }),
        );
        return { sqs: queues ?? '', secretsManager: secrets ?? '', dynamoDb: tables ?? '' };
      },
    },
    { onText: (text) => watch.lines.push(text), onCall: ({ body }) => watch.calls.push(body) },
  );
  if (!started.ok) throw new Error(started.failure);
  try {
    return await countKinds(started.value, watch);
  } finally {
    await started.value.stop();
    for (const proxy of proxies) await proxy.stop();
  }
}

async function countKinds(run: LocalRun, watch: Watch): Promise<Omit<CountedRequests, 'at'>> {
  const count = async (source: string, body: string, ends: number): Promise<RequestCounts> => {
    for (const part of Object.values(watch)) part.length = 0;
    await post(run, source, body);
    await untilEnded(watch, ends);
    return tally(watch);
  };
  const stripe = { ...JSON.parse(bodyOf('stripe', 'invoice.payment_failed')), id: EVENT_ID };
  const unwanted = { ...stripe, id: 'evt_1QZx0d2eZvKYlo2C8nXh7RtC', type: 'invoice.voided' };
  const [contact] = JSON.parse(bodyOf('hubspot', 'contact.creation'));

  // The first of all starts both functions, which asks for more, once; and it has the metrics that are told once a minute.
  const { stackMetrics } = await count(
    'stripe',
    JSON.stringify({ ...stripe, id: 'evt_1QZx0d2eZvKYlo2C8nXh7RtA' }),
    1,
  );
  const delivered = { ...(await count('stripe', JSON.stringify(stripe), 1)), stackMetrics };
  const duplicate = await count('stripe', JSON.stringify(stripe), 1);
  const ignored = await count('stripe', JSON.stringify(unwanted), 0);
  const one = await count('hubspot', JSON.stringify([contact]), 1);
  const two = await count('hubspot', JSON.stringify([contact, { ...contact, objectId: 124 }]), 2);
  return { delivered, duplicate, ignored, furtherEvent: subtract(two, one) };
}

function bodyOf(source: string, name: string): string {
  const sample = findSample(source, name);
  if (!sample.ok) throw new Error(`There is no sample ${name} of ${source}.`);
  return dateSample(sample.value, new Date()).body.toString('utf8');
}

async function post({ stack }: LocalRun, source: string, body: string): Promise<void> {
  const mapping = findMapping(PROJECT, source);
  if (!mapping.ok) throw new Error(mapping.failure);
  const { signingSecrets } = signingSecretsSchema.parse(readLocalSecrets()[mapping.value.secret]);
  const url = `${stack.url}/webhooks/${source}`;
  const rawBody = Buffer.from(body);
  const toSign = { secret: signingSecrets[0] ?? '', url, rawBody, at: new Date(), id: EVENT_ID };
  const signed = signWebhook(mapping.value.profile.signature, toSign);
  if (!signed.ok) throw new Error(signed.failure);
  const headers = { 'content-type': 'application/json', ...signed.value.headers };
  const answer = await fetch(url, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`${source} was answered ${answer.status}: ${await answer.text()}`);
}

/** A line of deliver's is the last thing that is done for an event; what is ignored has none. */
async function untilEnded({ lines }: Watch, ends: number): Promise<void> {
  const endsAt = performance.now() + PATIENCE_MILLISECONDS;
  while (lines.filter((line) => line.includes('"stage":"deliver"')).length < ends) {
    if (performance.now() > endsAt) throw new Error('A webhook has not come to its end.');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // The answer to the last write may still be on its way through the proxy.
  await new Promise((resolve) => setTimeout(resolve, 300));
}

function subtract(larger: RequestCounts, smaller: RequestCounts): RequestCounts {
  const names = Object.keys(larger) as (keyof RequestCounts)[];
  return Object.fromEntries(names.map((name) => [name, larger[name] - smaller[name]])) as RequestCounts;
}
