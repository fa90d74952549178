import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type SendOptions, send } from '../../cli/webhooks/send.ts';
import { type LocalRun, startLocalRun } from '../../local/run.ts';
import type { WebexCampaignSimulator } from '../../local/webex-campaign/simulator.ts';
import { dateSample, findSample } from '../../signing/samples.ts';
import { SIX_SECRETS, SIX_SOURCES } from '../fixtures/six-sources.ts';

type AddedSource = 'github' | 'hubspot' | 'woocommerce' | 'resend';

let run: LocalRun;
let simulator: WebexCampaignSimulator;

beforeAll(async () => {
  const started = await startLocalRun({
    ...{ port: 0, speed: 10 },
    mappings: SIX_SOURCES,
    readSecrets: () => SIX_SECRETS,
  });
  if (!started.ok || started.value.simulator === undefined) throw new Error('The local run did not start.');
  run = started.value;
  simulator = started.value.simulator;
}, 240_000);

afterAll(() => run.stop());

/** Signed here from the vendors' documentation, apart from the code under test. */
const SOURCES = [
  {
    source: 'github',
    sample: 'star.created',
    eventKey: '21031067',
    headers: (body: Buffer) => ({
      'X-GitHub-Event': 'star',
      'X-Hub-Signature-256': `sha256=${createHmac('sha256', secretOf('github')).update(body).digest('hex')}`,
    }),
  },
  {
    source: 'hubspot',
    sample: 'contact.creation.batch',
    eventKey: '123',
    headers: (body: Buffer) => {
      const timestamp = String(Date.now());
      const hmac = createHmac('sha256', secretOf('hubspot'));
      hmac.update(`POST${run.stack.url}/webhooks/hubspot`).update(body).update(timestamp);
      return { 'X-HubSpot-Signature-v3': hmac.digest('base64'), 'X-HubSpot-Request-Timestamp': timestamp };
    },
  },
  {
    source: 'woocommerce',
    sample: 'customer.updated',
    eventKey: 'john.doe@example.com',
    headers: (body: Buffer) => ({
      'X-WC-Webhook-Topic': 'customer.updated',
      'X-WC-Webhook-Signature': createHmac('sha256', secretOf('woocommerce')).update(body).digest('base64'),
    }),
  },
  {
    source: 'resend',
    sample: 'hard_bounced',
    eventKey: 'bounced@resend.dev',
    headers: (body: Buffer) => {
      const timestamp = String(Math.floor(Date.now() / 1000));
      const key = Buffer.from(secretOf('resend').slice('whsec_'.length), 'base64');
      const signature = createHmac('sha256', key).update(`msg_1.${timestamp}.`).update(body).digest('base64');
      return { 'svix-id': 'msg_1', 'svix-timestamp': timestamp, 'svix-signature': `v1,${signature}` };
    },
  },
];

describe('a source that was added by a mapping folder alone', () => {
  test.each(SOURCES)('$source: what its vendor posts reaches Webex Campaign', async (source) => {
    const body = sampleOf(source.source, source.sample);

    const response = await fetch(`${run.stack.url}/webhooks/${source.source}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...source.headers(body) },
      body: new Uint8Array(body),
    });

    expect([response.status, await response.json()]).toMatchObject([200, { code: 'buffered' }]);
    const line = await run.lines.find(
      (found) => (found.stage === 'deliver' && found.source === source.source ? found : undefined),
      20_000,
    );
    expect(line).toMatchObject({ outcome: 'delivered' });
    const keys = simulator.received().map((call) => JSON.parse(call.body)['event-key']);
    expect(keys).toContain(source.eventKey);
  });
});

describe('adapter send', () => {
  const port = () => Number(new URL(run.stack.url).port);
  const sendFor = (options: Partial<SendOptions>) =>
    send(SIX_SOURCES, { source: 'resend', sample: 'hard_bounced', port: port(), ...options });

  test.each([
    ['github', 'marketplace_purchase.purchased'],
    ['hubspot', 'contact.creation.batch'],
    ['woocommerce', 'coupon.created'],
    ['resend', 'clicked'],
    ['stripe', 'checkout.session.completed'],
    ['shopify', 'orders.fulfilled'],
  ])('signs for %s', async (source, sample) => {
    expect(await sendFor({ source, sample })).toMatchObject({ exitCode: 0 });
  });

  test.each([
    ['--tamper', { tamper: true }, 'no-matching-secret'],
    ['--stale', { stale: true }, 'timestamp-too-old'],
    ['--unsigned', { unsigned: true }, 'missing-header'],
  ])('with %s is refused', async (_, flaw, code) => {
    const { text, exitCode } = await sendFor(flaw);

    expect([exitCode, text]).toEqual([1, expect.stringContaining(code)]);
  });

  test('with --stale says where nothing can be too old', async () => {
    expect(await sendFor({ source: 'github', sample: 'star.created', stale: true })).toMatchObject({
      exitCode: 2,
      text: expect.stringContaining('cannot be too old'),
    });
  });
});

/** As if it had happened just now: what is old is not worth a message. */
function sampleOf(source: string, name: string): Buffer {
  const sample = findSample(source, name);
  if (!sample.ok) throw new Error(`There is no sample "${name}".`);
  return dateSample(sample.value, new Date()).body;
}

function secretOf(source: AddedSource): string {
  return SIX_SECRETS[`webhooks/${source}`].signingSecrets[0] ?? '';
}
