import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ReportPage } from '../../answers/report/page.ts';
import { report } from '../../cli/webhooks/report.ts';
import { findProfile } from '../../lambdas/ingest/signature/profiles/profiles.ts';
import { type LocalRun, startLocalRun } from '../../local/run.ts';
import { dateSample, findSample } from '../../signing/samples.ts';
import { signWebhook } from '../../signing/sign-webhook.ts';
import { SIX_SECRETS, SIX_SOURCES } from '../fixtures/six-sources.ts';

/** In every name and address that is sent. */
const VALUE = 'Xanthippe';

const COUNT = 200;
const AT_ONCE = 20;

/** One clock for all: a report's period is of true seconds here. */
const SPEED = 1;

const lines: string[] = [];
let run: LocalRun;
beforeAll(async () => {
  const started = await startLocalRun(
    { port: 0, speed: SPEED, mappings: SIX_SOURCES, readSecrets: () => SIX_SECRETS },
    { onText: (text) => lines.push(text) },
  );
  if (!started.ok) throw new Error(started.failure);
  run = started.value;
}, 240_000);
afterAll(() => run.stop());

/** Stripe's own payload about this customer, as its API had it in one of its versions. */
function payloadOf(
  id: string,
  { version, named }: { readonly version: string; readonly named: boolean },
): Buffer {
  const sample = findSample('stripe', 'invoice.payment_failed');
  if (!sample.ok) throw new Error('There is no such sample.');
  const webhook = JSON.parse(dateSample(sample.value, new Date()).body.toString('utf8'));
  const { customer_name: _, ...invoice } = webhook.data.object;
  const object = {
    ...invoice,
    customer: `cus_${id}`,
    customer_email: `${VALUE}-${id}@example.com`,
    ...(named && { customer_name: `${VALUE} ${id}` }),
  };
  return Buffer.from(JSON.stringify({ ...webhook, id: `evt_${id}`, api_version: version, data: { object } }));
}

async function post(rawBody: Buffer): Promise<void> {
  const url = `${run.stack.url}/webhooks/stripe`;
  const signature = findProfile('stripe')?.signature;
  if (signature === undefined) throw new Error('There is no profile of Stripe.');
  const [secret = ''] = SIX_SECRETS['webhooks/stripe'].signingSecrets;
  const signed = signWebhook(signature, { secret, url, rawBody, at: new Date(), id: 'unused' });
  if (!signed.ok) throw new Error(signed.failure);
  const headers = { 'content-type': 'application/json', ...signed.value.headers };
  const answer = await fetch(url, { method: 'POST', headers, body: new Uint8Array(rawBody) });
  if (answer.status !== 200) throw new Error(`Answered ${answer.status}`);
}

/** Sends so many payloads, and waits until all their events are delivered. */
async function sendAll(
  name: string,
  payload: { readonly version: string; readonly named: boolean },
): Promise<void> {
  for (let sent = 0; sent < COUNT; sent += AT_ONCE) {
    const ids = Array.from({ length: AT_ONCE }, (_, index) => `${name}${sent + index}`);
    await Promise.all(ids.map((id) => post(payloadOf(id, payload))));
  }
  const delivered = () =>
    lines.filter((line) => line.includes('"outcome":"delivered"') && line.includes(`"evt_${name}`)).length;
  while (delivered() < COUNT) await pause(200);
}

test('200 payloads of Stripe as they were, and 200 of another version without the name: the report says so', async () => {
  const begun = Date.now();
  await sendAll('before', { version: '2025-03-31.basil', named: true });
  await pause(3_000);
  const middle = Date.now();
  await pause(3_000);
  await sendAll('after', { version: '2026-09-30.clover', named: false });
  // The period reaches as far back from its middle as it reaches forward: all of the first half has to be in it.
  await pause(Math.max(0, 2 * middle - begun + 2_000 - Date.now()));

  const { text, exitCode } = await report(
    { mappings: SIX_SOURCES, stagesFile: 'none.yaml' },
    {
      port: Number(new URL(run.stack.url).port),
      since: Math.round((2 * (Date.now() - middle)) / 1_000),
      format: 'json',
      failOn: ['fill-rate'],
    },
  );

  const page: ReportPage = JSON.parse(text);
  expect(page.findings.map((finding) => finding.text.replace(/since .* UTC/, 'since then'))).toEqual([
    'firstname is missing in 100 % of payment-failed since then; before in 0 %',
    'name is missing in 100 % of payment-failed since then; before in 0 %',
    'API version 2026-09-30.clover of stripe is new since then: 200 of 200 webhooks (payment-failed); before 2025-03-31.basil',
  ]);
  const stripe = page.report.sources.find(({ name }) => name === 'stripe');
  const message = stripe?.messages.find(({ name }) => name === 'payment-failed');
  expect(message?.numbers).toMatchObject({ before: { delivered: COUNT }, after: { delivered: COUNT } });
  expect(message?.parameters.find(({ name }) => name === 'name')?.fill).toEqual({
    all: { sent: 2 * COUNT, missing: COUNT },
    before: { sent: COUNT, missing: 0 },
    after: { sent: COUNT, missing: COUNT },
  });
  expect(exitCode).toBe(1);
  expect(lines.filter((line) => line.includes(VALUE))).toEqual([]);
  expect(text).not.toContain(VALUE);
}, 600_000);
