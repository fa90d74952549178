import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type LocalRun, startLocalRun } from '../../local/run.ts';

const CONTRACT = `welcome:
  event-id: evt_story
  key: customer-id
  parameters: { channel: {}, note: { mandatory: true } }
no-idea: { event-id: evt_none, key: text, simulate: no-recommendation }
`;

const MAPPING = `source: shop
verify: shopify
secret: webhooks/shop
events:
  - name: greeted
    on: customers/create
    definition: welcome
    event-key: { kind: customer-id, value: "{% id %}" }
    event-params: { channel: shop, note: "{% note %}" }
    required: [note]
`;

let directory: string;
let run: LocalRun;
const at = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'contract-'));
  cpSync(fileURLToPath(new URL('../story/mappings', import.meta.url)), at('mappings'), { recursive: true });
  cpSync(at('mappings/stripe'), at('mappings/shop'), { recursive: true });
  writeFileSync(at('mappings/shop/mapping.yaml'), MAPPING);
  writeFileSync(at('webex-events.yaml'), CONTRACT);
  const readSecrets = () => ({ 'webex-campaign': { primary: 'key-1', secondary: '' } });
  const started = await startLocalRun({ port: 0, speed: 1, mappings: at('mappings'), readSecrets });
  if (!started.ok) throw new Error(started.failure);
  run = started.value;
}, 240_000);

afterAll(async () => {
  await run?.stop();
  rmSync(directory, { recursive: true });
});

/** Calls the simulator as deliver would; returns its code, or `accepted`. */
async function call(id: string, params: object): Promise<unknown> {
  const response = await fetch(run.eventUrl, {
    method: 'POST',
    headers: { authorization: 'Bearer key-1', 'content-type': 'application/json' },
    body: JSON.stringify({ 'event-id': id, 'event-key': 'ann', 'event-params': params }),
  });
  const { code = 'accepted' } = (await response.json()) as { readonly code?: unknown };
  return code;
}

describe('the local run with a contract file', () => {
  test('has a simulator that goes by it, and takes the bare ids of other mappings', async () => {
    const bare = /event-id: (\S+)/.exec(readFileSync(at('mappings/stripe/mapping.yaml'), 'utf8'))?.[1] ?? '';

    expect(await call('evt_story', { note: 'Hello' })).toBe('accepted');
    expect(await call('evt_story', {})).toBe(1002);
    expect(await call('evt_unknown', {})).toBe(1002);
    expect(await call('evt_none', {})).toBe(1003);
    expect(await call(bare, {})).toBe('accepted');
  });

  test('refuses a mandatory parameter that a mapping does not send, with both lines, and follows one that is sent', async () => {
    const mandatory = 'note: { mandatory: true }, loyalty: { mandatory: true }';
    writeFileSync(at('webex-events.yaml'), CONTRACT.replace('note: { mandatory: true }', mandatory));
    const refused = await run.redeploy();

    expect(refused.ok ? '' : refused.failure).toMatch(
      /mappings\/shop\/mapping\.yaml:9:5 {2}events\[0\]\.event-params {2}does not have "loyalty", .* \(.*webex-events\.yaml:4\)/,
    );
    expect(await call('evt_story', { note: 'Hello' })).toBe('accepted');

    writeFileSync(
      at('mappings/shop/mapping.yaml'),
      MAPPING.replace('channel: shop,', 'channel: shop, loyalty: "5",'),
    );
    expect(await run.redeploy()).toEqual({ ok: true });
    expect(await call('evt_story', { note: 'Hello' })).toBe(1002);
    expect(await call('evt_story', { note: 'Hello', loyalty: '5' })).toBe('accepted');
  }, 240_000);
});
