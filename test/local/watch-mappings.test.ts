import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { formatRedeployed } from '../../local/output.ts';
import { type LocalRun, startLocalRun, watchMappings } from '../../local/run.ts';
import { post } from '../story/delivery-story.ts';

const SIGNING = 'whsec_watched';

let directory: string;
let run: LocalRun;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'watched-'));
  await cp(fileURLToPath(new URL('../story/mappings', import.meta.url)), directory, { recursive: true });
  const readSecrets = () => ({
    'webhooks/stripe': { signingSecrets: [SIGNING] },
    'webex-campaign': { primary: 'key-1' },
  });
  const started = await startLocalRun({ port: 0, speed: 10, mappings: directory, readSecrets });
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
