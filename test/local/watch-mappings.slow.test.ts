import { createHmac } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { formatLine, formatRedeployed } from '../../local/output.ts';
import { type LocalRun, startLocalRun, watchMappings } from '../../local/run.ts';
import type { LocalSecrets } from '../../local/settings.ts';
import { post } from '../story/delivery-story.ts';

const SIGNING = 'whsec_watched';

let secrets: LocalSecrets = {
  'webhooks/stripe': { signingSecrets: [SIGNING] },
  'webex-campaign': { primary: 'key-1' },
};
let directory: string;
let run: LocalRun;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'watched-'));
  await cp(fileURLToPath(new URL('../story/mappings', import.meta.url)), directory, { recursive: true });
  const started = await startLocalRun({
    port: 0,
    speed: 10,
    mappings: directory,
    readSecrets: () => secrets,
  });
  if (!started.ok) throw new Error(started.failure);
  run = started.value;
}, 240_000);
afterAll(async () => {
  await run.stop();
  await rm(directory, { recursive: true, force: true });
});

const mapping = (key: string) => `source: stripe
verify: stripe
secret: webhooks/stripe
events:
  - name: saved
    on: saved
    event-id: evt_saved
    event-key: "{% ${key} %}"
`;

describe('a mapping that is saved while the local run is up', () => {
  test('is used at once; a broken one is reported, and the one before stays in use', async () => {
    const printed: string[] = [];
    const watcher = watchMappings(
      { mappings: directory, contractFile: join(directory, 'webex-events.yaml') },
      () => run.redeploy(),
      (redeployed) => printed.push(formatRedeployed(redeployed)),
    );
    /** Saves the mapping; returns what is printed then that has this in it. An editor may cause two redeploys. */
    const save = async (text: string, wanted: string) => {
      const before = printed.length;
      await writeFile(join(directory, 'stripe', 'mapping.yaml'), text);
      for (;;) {
        const found = printed.slice(before).find((one) => one.includes(wanted));
        if (found !== undefined) return found;
        await pause(50);
      }
    };
    const outcomeOf = async (id: string) => {
      await post(run, SIGNING, { type: 'saved', id, key: 'ann' });
      const find = (line: Parameters<Parameters<LocalRun['lines']['find']>[0]>[0]) =>
        line.stage === 'deliver' && line.deduplicationId === id ? line : undefined;
      return run.lines.find(find, 20_000);
    };

    expect(await save(mapping('key'), 'as they are now')).toMatch(
      /^ +deployed +the mappings as they are now$/,
    );
    expect(await outcomeOf('one')).toMatchObject({ event: 'saved', outcome: 'delivered' });

    const refused = await save(mapping('key &'), 'not deployed');
    expect(refused).toMatch(/mapping\.yaml:\d+:\d+ /);
    expect(refused).toMatch(
      /not deployed +because of the problems above: the mappings from before go on running$/,
    );
    expect(await outcomeOf('two')).toMatchObject({ event: 'saved', outcome: 'delivered' });
    watcher.close();
  }, 120_000);
});

describe('a mapping folder that is added while the local run is up', () => {
  test('is used at once, and so is its secret', async () => {
    await mkdir(join(directory, 'acme'));
    const text = mapping('key')
      .replaceAll('stripe', 'acme')
      .replace(
        'verify: acme',
        'verify: { encoding: hex, signature: { header: x-sig } }\nevent-type: { body: /type }',
      );
    await writeFile(join(directory, 'acme', 'mapping.yaml'), text);
    const body = '{"type":"saved","key":"ann"}';
    const signature = createHmac('sha256', 'acme-secret').update(body).digest('hex');
    const send = async () => {
      const headers = { 'content-type': 'application/json', 'x-sig': signature };
      const answer = await fetch(`${run.stack.url}/webhooks/acme`, { method: 'POST', headers, body });
      return [answer.status, await answer.text()];
    };

    // The test before has left it broken.
    await writeFile(join(directory, 'stripe', 'mapping.yaml'), mapping('key'));
    expect(await run.redeploy()).toEqual({ ok: true, value: undefined });
    expect(await send()).toEqual([503, expect.stringContaining('a row in local/secrets.json')]);
    const line = await run.lines.find(
      (one) => (one.stage === 'ingest' && one.code === 'secret-missing' ? one : undefined),
      5_000,
    );
    expect(line && formatLine(line)).toContain('"webhooks/acme": { "signingSecrets": ["…"] }');

    secrets = { ...secrets, 'webhooks/acme': { signingSecrets: ['acme-secret'] } };
    let answer = await send();
    // A missing secret is looked for again after some seconds.
    while (answer[0] === 503) {
      await pause(500);
      answer = await send();
    }
    expect(answer).toEqual([200, expect.stringContaining('"buffered"')]);
  }, 120_000);
});

test('mappings that are removed and made again are followed on', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'remade-'));
  const mappings = join(parent, 'mappings');
  await mkdir(mappings);
  let redeploys = 0;
  const watcher = watchMappings(
    { mappings, contractFile: join(parent, 'webex-events.yaml') },
    async () => ({ ok: true, value: undefined }),
    () => {
      redeploys += 1;
    },
  );
  const changes = async (change: () => Promise<unknown>) => {
    const before = redeploys;
    await change();
    for (let tries = 0; tries < 100 && redeploys === before; tries += 1) await pause(50);
    return redeploys > before;
  };

  expect(await changes(() => rm(mappings, { recursive: true }))).toBe(true);
  expect(await changes(() => mkdir(mappings))).toBe(true);
  await pause(500);
  expect(await changes(() => writeFile(join(mappings, 'mapping.yaml'), 'a'))).toBe(true);
  watcher.close();
  await rm(parent, { recursive: true });
}, 30_000);
