import { fileURLToPath } from 'node:url';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { finishRotation, rotateSecret, showSecrets } from '../../cli/secrets/rotate.ts';
import { setSecret, undoChange } from '../../cli/secrets/set.ts';
import { CACHE_MILLISECONDS } from '../../lambdas/adapters/secrets-manager.ts';
import { succeed } from '../../lambdas/result.ts';
import { secretNameOf } from '../../lib/mapping/schema.ts';
import { LOCAL_STACK } from '../../lib/stages/synthesize.ts';
import { type LocalRun, startLocalRun } from '../../local/run.ts';
import { post } from './delivery-story.ts';

const PROJECT = {
  mappings: fileURLToPath(new URL('./mappings', import.meta.url)),
  stagesFile: fileURLToPath(new URL('../../stages.yaml', import.meta.url)),
};

const printed: string[] = [];
/** What the commands have printed. */
const texts: string[] = [];
/** Keys of the hashes that a command has made. */
const made: string[] = [];
/** The key of the hashes as it was generated: it stays whatever happens to the other keys, and is never shown. */
let hashKey = '';
let run: LocalRun;
let client: SecretsManagerClient;
beforeAll(async () => {
  const started = await startLocalRun(
    {
      port: 0,
      speed: 10,
      mappings: PROJECT.mappings,
      readSecrets: () => ({}),
      tenant: { keys: () => ['key-one', 'key-two', 'key-three'] },
    },
    { onText: (text) => printed.push(text) },
  );
  if (!started.ok) throw new Error(started.failure);
  run = started.value;
  const { region, endpoints } = run.stack;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  client = new SecretsManagerClient({ region, endpoint: endpoints.secretsManager, credentials });
}, 240_000);
afterAll(() => run.stop());

const port = () => Number(new URL(run.stack.url).port);
const typed = (value: string, second?: string) => async () => succeed({ value, ...(second && { second }) });

async function command(result: Promise<{ readonly text: string; readonly exitCode: number }>) {
  const { text, exitCode } = await result;
  texts.push(text);
  return [exitCode, text] as const;
}
const set = (name: string, value: string, more: object = {}, second?: string) =>
  command(setSecret(PROJECT, { name, port: port(), ...more }, typed(value, second)));
const rotate = (name: string, value: string) =>
  command(rotateSecret(PROJECT, { name, port: port() }, typed(value)));
const finish = (name: string, more: object = {}, answer = true) =>
  command(finishRotation(PROJECT, { name, port: port(), ...more }, async () => answer));
const undo = (name: string, more: object = {}, answer = true) =>
  command(undoChange(PROJECT, { name, port: port(), ...more }, async () => answer));
const status = (name?: string) => command(showSecrets(PROJECT, { name, port: port() }));

let count = 0;
const send = (secret: string) => {
  count += 1;
  return post(run, secret, { type: 'parked', id: `id_${count}`, key: `key-${count}` });
};
/** Waits until a webhook that this secret has signed is answered so. */
async function answered(secret: string, wanted: number): Promise<number> {
  for (let tries = 0; tries < 60; tries += 1) {
    if ((await send(secret)) === wanted) return wanted;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return send(secret);
}

const nameOf = (secret: string) => secretNameOf(LOCAL_STACK, secret);
const contentOf = async (secret: string): Promise<unknown> => {
  const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: nameOf(secret) }));
  return JSON.parse(SecretString);
};
const put = (secret: string, SecretString: string) =>
  client.send(new PutSecretValueCommand({ SecretId: nameOf(secret), SecretString }));

describe('secrets of a run that begins without any', () => {
  test('have the key of the hashes generated, and places for the API keys', async () => {
    const created = await contentOf('webex-campaign');
    expect(created).toEqual({ primary: '', secondary: '', hashKey: expect.stringMatching(/^\w{64}$/) });
    ({ hashKey } = created as { hashKey: string });
  });

  test('are shown as missing, with the command that sets them', async () => {
    const [exitCode, text] = await status();
    expect(exitCode).toBe(1);
    expect(text).toMatch(/webhooks\/stripe: not set yet. secrets set stripe\n.*webex-campaign: not set yet/);
    expect(await send('whsec_one')).toBe(503);
  });

  test('cannot be rotated before they are set', async () => {
    expect(await rotate('stripe', 'whsec_two')).toEqual([
      2,
      expect.stringMatching(/is not set yet: secrets set stripe$/),
    ]);
  });

  test('are not overwritten by a person who was asked for a value while somebody else set one', async () => {
    const late = setSecret(PROJECT, { name: 'webex-campaign', port: port() }, async () => {
      await put('webex-campaign', JSON.stringify({ primary: 'key-one', hashKey }));
      return succeed({ value: 'key-two' });
    });

    expect(await command(late)).toEqual([2, expect.stringContaining('Somebody else has changed')]);
    expect(await contentOf('webex-campaign')).toEqual({ primary: 'key-one', hashKey });
  });

  test('are set, and are active from then on', async () => {
    expect(await set('stripe', 'whsec_one ')).toEqual([2, expect.stringContaining('whitespace')]);
    expect(await set('stripe', 'whsec_one')).toEqual([
      0,
      expect.stringMatching(/webhooks\/stripe: 1 signing secret. Active from \d\d:\d\d UTC.$/),
    ]);
    expect(await answered('whsec_one', 200)).toBe(200);
    const line = await run.lines.find(
      (one) => (one.stage === 'deliver' && one.outcome === 'delivered' ? one : undefined),
      60_000,
    );
    expect(line).toBeDefined();
    expect((await status())[0]).toBe(0);
  });

  test('are not overwritten by a second set', async () => {
    expect(await set('stripe', 'whsec_other')).toEqual([2, expect.stringContaining('secrets rotate stripe')]);
    expect(await contentOf('webhooks/stripe')).toEqual({ signingSecrets: ['whsec_one'] });
  });
});

describe('a rotation', () => {
  test('puts the new secret before the old one: both are accepted', async () => {
    expect(await rotate('stripe', 'whsec_one')).toEqual([0, expect.stringContaining('the newest already')]);
    expect(await rotate('stripe', 'sk_live_1')).toEqual([2, expect.stringContaining('API key of Stripe')]);
    expect(await rotate('stripe', 'whsec_two')).toEqual([
      0,
      expect.stringMatching(
        /2 signing secrets, the new one first. Active from .* UTC; the old signing secret stays valid.\n.*\n.*secrets status stripe\n/,
      ),
    ]);
    expect(await answered('whsec_two', 200)).toBe(200);
    expect(await send('whsec_one')).toBe(200);
  });

  test('that was a mistake is taken back, and once more comes back', async () => {
    expect(await undo('stripe', {}, false)).toEqual([1, 'Nothing was changed.']);
    expect(await undo('stripe')).toEqual([
      0,
      expect.stringMatching(
        /^\S+webhooks\/stripe: 1 signing secret, as before. The signing secret at index 0 of now goes. Every function has it by/,
      ),
    ]);
    expect(await contentOf('webhooks/stripe')).toEqual({ signingSecrets: ['whsec_one'] });
    expect(await undo('stripe', { json: true })).toEqual([0, expect.stringContaining('"values":2')]);
    expect(await contentOf('webhooks/stripe')).toEqual({ signingSecrets: ['whsec_two', 'whsec_one'] });
  });

  test('cannot be finished before the log shows that the old secret can go', async () => {
    expect(await status('stripe')).toEqual([
      0,
      expect.stringMatching(
        /2 signing secrets, since 20.*\n {2}From \d\d:\d\d UTC the log tells them apart.*\n {2}Nothing shows yet/,
      ),
    ]);
    expect(await finish('stripe')).toEqual([2, expect.stringContaining('Nothing was changed')]);
    expect(await finish('stripe', { force: true }, false)).toEqual([1, 'Nothing was changed.']);
    expect(await contentOf('webhooks/stripe')).toEqual({ signingSecrets: ['whsec_two', 'whsec_one'] });
  });

  test('ends with the old secret taken away; its signatures are refused once no function knows it', async () => {
    expect(await finish('stripe', { force: true })).toEqual([
      0,
      expect.stringMatching(/1 signing secret. The old one stops working by \d\d:\d\d UTC/),
    ]);
    expect(await contentOf('webhooks/stripe')).toEqual({ signingSecrets: ['whsec_two'] });
    expect(await finish('stripe')).toEqual([0, expect.stringContaining('nothing to take away')]);
    // Functions that run now remember the old secret for five minutes; a deploy starts new ones.
    expect(CACHE_MILLISECONDS).toBe(300_000);
    await run.redeploy(PROJECT.mappings);
    expect(await answered('whsec_one', 401)).toBe(401);
    expect(await send('whsec_two')).toBe(200);
  }, 240_000);

  test('of the API keys takes two at most, and ends the same way', async () => {
    expect(await rotate('webex-campaign', 'key-two')).toEqual([
      0,
      expect.stringMatching(/^Whether Webex Campaign takes it, without messaging anybody: check$/m),
    ]);
    expect(await contentOf('webex-campaign')).toEqual({ primary: 'key-two', secondary: 'key-one', hashKey });
    expect(await rotate('webex-campaign', 'key-three')).toEqual([
      2,
      expect.stringContaining('2 keys, which is all'),
    ]);
    expect(await finish('webex-campaign', { force: true })).toEqual([
      0,
      expect.stringContaining('delete the old key in Webex Campaign'),
    ]);
    expect(await contentOf('webex-campaign')).toEqual({ primary: 'key-two', secondary: '', hashKey });
  });

  test('of API keys that cannot be used leaves the key of the hashes as it is, too', async () => {
    await put('webex-campaign', JSON.stringify({ primary: 'not a key', hashKey }));

    expect(await status('webex-campaign')).toEqual([1, expect.stringContaining('cannot be used: /primary')]);
    expect(await set('webex-campaign', 'key-three', { replace: true })).toEqual([
      0,
      expect.stringMatching(/\nWhether Webex Campaign takes it, without messaging anybody: check$/),
    ]);
    expect(await contentOf('webex-campaign')).toEqual({ primary: 'key-three', secondary: '', hashKey });
  });

  test('of API keys that somebody has set without a key of the hashes generates another one', async () => {
    await put('webex-campaign', '{"primary":"key-one"}');
    expect((await status('webex-campaign'))[0]).toBe(0);

    expect((await rotate('webex-campaign', 'key-two'))[0]).toBe(0);

    const content = (await contentOf('webex-campaign')) as { hashKey: string };
    expect(content).toMatchObject({ primary: 'key-two', secondary: 'key-one' });
    expect(content.hashKey).toMatch(/^[0-9a-f]{64}$/);
    expect(content.hashKey).not.toBe(hashKey);
    made.push(content.hashKey);
  });

  test('is not taken back where the version before has no key', async () => {
    await put('webex-campaign', '{"primary":""}');
    await put('webex-campaign', JSON.stringify({ primary: 'key-one', hashKey: made[0] }));

    expect(await undo('webex-campaign')).toEqual([
      2,
      expect.stringMatching(/keeps no version .* with a key in it: there is no change to take back/),
    ]);
  });

  test('does not overwrite what somebody else has written in the meantime', async () => {
    const late = rotateSecret(PROJECT, { name: 'stripe', port: port() }, async () => {
      await put('webhooks/stripe', '{"signingSecrets":["whsec_theirs"]}');
      return succeed({ value: 'whsec_ours' });
    });

    expect(await command(late)).toEqual([2, expect.stringContaining('Somebody else has changed')]);
    expect(await contentOf('webhooks/stripe')).toEqual({ signingSecrets: ['whsec_theirs'] });
  });

  test('can start again where a value cannot be used', async () => {
    await put('webhooks/stripe', '{"secret":"whsec_x"}');

    expect(await status('stripe')).toEqual([1, expect.stringContaining('cannot be used: /signingSecrets')]);
    expect(await rotate('stripe', 'whsec_y')).toEqual([2, expect.stringContaining('--replace')]);
    expect(await set('stripe', 'whsec_y')).toEqual([2, expect.stringContaining('--replace')]);
    expect(await set('stripe', 'whsec_y', { replace: true })).toEqual([
      0,
      expect.stringContaining('What was there before stops working by'),
    ]);
  });

  test('shows no value anywhere', () => {
    const values = /whsec_(one|two|other|theirs|ours|x|y)|key-(one|two|three)|sk_live/;
    expect([...texts, ...printed].filter((text) => values.test(text))).toEqual([]);
    expect(made.map(({ length }) => length)).toEqual([64]);
    for (const key of [hashKey, ...made]) expect([...texts, ...printed].join()).not.toContain(key);
  });
});
