import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LocalRun } from '../../local/run.ts';
import { startLocalRun } from '../../local/run.ts';
import { makeVendors, postOf, secretsOf, type Vendor, writeMappings } from '../fixtures/vendor-webhooks.ts';

const REQUESTS = 1_000;
const AT_ONCE = 10;
const BYTES = 300_000;

/** The flood is over by then, on two cores that have other work as well. */
const FLOOD_SECONDS = 240;

/** LINE waits for two seconds and is the most impatient; most vendors wait for five or more (providers.md, section 4). */
const VENDOR_MILLISECONDS = 2_000;

const fill = (piece: string) => piece.repeat(Math.ceil(BYTES / piece.length)).slice(0, BYTES);

/** What is slow to parse, or to search, wherever it is parsed before it is verified. */
const HOSTILE: readonly (readonly [contentType: string, body: string])[] = [
  ['application/x-www-form-urlencoded', `webhook_id={:1e999"${fill('\\"')}`],
  ['application/x-www-form-urlencoded', fill('a&')],
  ['application/x-www-form-urlencoded', fill('a=%5B%5B&')],
  ['application/x-www-form-urlencoded', `mandrill_events=${fill('[')}`],
  ['application/json', `{"type":"url_verification","challenge":"${fill('\\"')}"}`],
  ['application/json', fill('[')],
  ['application/json', `[${fill('12345678901234567890,')}1]`],
  ['application/json', `{"signature":{"timestamp":"1","token":"${fill('9')}","signature":"00"}}`],
  ['application/json', `{"notificationItems":[${fill('{"NotificationRequestItem":{}},')}{}]}`],
  ['application/octet-stream', fill('\u0000\ud83d')],
];

/** Headers that a stranger may add: signatures of the right form, of which none fits. */
const FORGED: readonly Readonly<Record<string, string>>[] = [
  {},
  {
    'stripe-signature': `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}`,
    'x-hub-signature-256': `sha256=${'0'.repeat(64)}`,
    'x-wc-webhook-signature': Buffer.alloc(32).toString('base64'),
    'x-mandrill-signature': Buffer.alloc(20).toString('base64'),
    'x-twilio-signature': Buffer.alloc(20).toString('base64'),
    'x-github-event': 'push',
  },
];

describe('a flood of unsigned requests', () => {
  const mappings = mkdtempSync(join(tmpdir(), 'webhook-adapter-flood-'));
  const vendors = makeVendors();
  let run: LocalRun;

  beforeAll(async () => {
    writeMappings(vendors, mappings);
    const readSecrets = () => ({
      ...secretsOf(vendors),
      'webex-campaign': { primary: 'key-1', secondary: '', hashKey: 'hash-key' },
    });
    const started = await startLocalRun({ port: 0, speed: 60, mappings, readSecrets });
    if (!started.ok) throw new Error(started.failure);
    run = started.value;
  }, 240_000);

  afterAll(async () => {
    await run.stop();
    rmSync(mappings, { recursive: true });
  });

  async function flood(place: number): Promise<number> {
    const { name } = vendors[place % vendors.length] as Vendor;
    const [contentType, body] = HOSTILE[place % HOSTILE.length] ?? ['', ''];
    const response = await fetch(new URL(`/webhooks/${name}`, run.stack.url), {
      method: 'POST',
      headers: { 'content-type': contentType, ...FORGED[place % FORGED.length] },
      body,
      signal: AbortSignal.timeout(60_000),
    });
    await response.arrayBuffer();
    return response.status;
  }

  async function sendSigned(
    place: number,
  ): Promise<{ readonly status: number; readonly milliseconds: number }> {
    const vendor = vendors[place % vendors.length] as Vendor;
    const { url } = run.stack;
    const webhook = { vendor, id: `signed-${place}`, whoms: [`whom-${place}`], happenedAt: new Date() };
    const post = postOf({ ...webhook, type: 'told' }, { url, attempt: 0, at: new Date() });
    const begun = performance.now();
    const { path, headers, body } = post;
    const response = await fetch(new URL(path, url), { method: 'POST', headers, body: Buffer.from(body) });
    await response.arrayBuffer();
    return { status: response.status, milliseconds: performance.now() - begun };
  }

  test(
    'costs no 5xx, and webhooks that are signed meanwhile are answered in their vendors’ time',
    async () => {
      // The functions' cold starts are not what is measured.
      await Promise.all(Array.from({ length: AT_ONCE }, (_, place) => sendSigned(place)));
      const statuses: number[] = [];
      const begun = performance.now();
      let next = 0;
      const strangers = Array.from({ length: AT_ONCE }, async () => {
        for (let place = next++; place < REQUESTS; place = next++) statuses.push(await flood(place));
      });
      const isOver = Promise.all(strangers).then(() => true);
      const signed: Awaited<ReturnType<typeof sendSigned>>[] = [];
      for (let place = AT_ONCE; (await Promise.race([isOver, wait(100, false)])) === false; place += 1) {
        signed.push(await sendSigned(place));
      }

      expect(statuses).toHaveLength(REQUESTS);
      expect(statuses.filter((status) => status >= 500)).toEqual([]);
      expect(signed.length).toBeGreaterThan(20);
      expect(signed.filter(({ status }) => status !== 200)).toEqual([]);
      expect(Math.max(...signed.map(({ milliseconds }) => milliseconds))).toBeLessThan(VENDOR_MILLISECONDS);
      expect((performance.now() - begun) / 1000).toBeLessThan(FLOOD_SECONDS);
    },
    (FLOOD_SECONDS + 60) * 1000,
  );
});
