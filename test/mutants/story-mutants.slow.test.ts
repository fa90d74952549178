import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stop } from 'esbuild';
import { bundleMutant, type Mutant } from '../../bench/sections/functions.ts';
import { CATALOGUE_FILE } from '../../lambdas/adapters/lambda.ts';
import { BUNDLE_FILE, bundleHandler } from '../../lib/bundle/bundle-function.ts';
import { createFunctionPool } from '../../local/emulator/functions/pool.ts';
import { type DeliveryStory, post, startDeliveryStory } from '../story/delivery-story.ts';
import { ACCEPTED } from '../story/webex-campaign.ts';
import { STORY_MUTANTS } from './mutants.ts';
import { withMutant } from './with-mutant.ts';

// What the other stories assert is only worth something if it fails where the code is wrong. Each story here runs twice:
// with the code as it is, and with a mutant that lacks one of its safeguards.
let story: DeliveryStory;
beforeAll(async () => {
  story = await startDeliveryStory(60, ({ key }, before) => {
    if (key.startsWith('throttled') && before === 0)
      return { status: 429, body: '{"code":429}', retryAfter: '2' };
    return key.startsWith('refused') ? { status: 200, body: '{"code":1002}' } : ACCEPTED;
  });
}, 240_000);
afterAll(async () => {
  await story.stop();
  await stop();
});

/** How a forged webhook is answered. */
const forge = () => post(story.run, 'whsec_forged', { type: 'parked', id: 'id_forged', key: 'forged' });

/** What becomes of the second copy of a webhook once the first is delivered, and how many calls there were. */
async function sendTwice(key: string): Promise<unknown> {
  await story.post('parked', key);
  await story.line(key, ({ outcome }) => outcome === 'delivered');
  const before = linesAbout(key);
  await story.post('parked', key);
  const second = await story.line(key, () => linesAbout(key) > before);
  while (linesAbout(key) <= before) await new Promise((resolve) => setTimeout(resolve, 20));
  const last = story.printed
    .filter((text) => text.includes(`"id_${key}"`) && text.includes('"deliver"'))
    .at(-1);
  return { second: second && JSON.parse(last ?? '{}').code, calls: story.callsAbout(key).length };
}

function linesAbout(key: string): number {
  return story.printed.filter((text) => text.includes(`"id_${key}"`) && text.includes('"deliver"')).length;
}

/** Whether a webhook that was throttled once is delivered in the end. */
async function throttle(key: string): Promise<boolean> {
  await story.post('parked', key);
  return (await story.line(key, ({ outcome }) => outcome === 'delivered', 4_000)) !== undefined;
}

async function refuse(key: string): Promise<string | undefined> {
  await story.post('parked', key);
  return (await story.line(key))?.code;
}

/** Whether the event key of a delivered event stands in the ledger. */
async function isKeyInLedger(key: string): Promise<boolean> {
  await post(story.run, 'whsec_story', { type: 'parked', id: `id_${key}`, key: `whom-${key}` });
  await story.line(key);
  return JSON.stringify(await story.ledger()).includes(`whom-${key}`);
}

const MUTANTS: readonly {
  readonly name: string;
  readonly mutant: Mutant;
  readonly run: (which: string) => Promise<unknown>;
  readonly right: unknown;
  /** The test that asserts the same of the code as it is. */
  readonly killedBy: string;
}[] = [
  {
    name: 'the verifier unwired',
    mutant: STORY_MUTANTS.verifierUnwired,
    run: forge,
    right: 401,
    killedBy: 'webhook-path: a Stripe webhook that is forged is refused and goes no further',
  },
  {
    name: 'the claim removed',
    mutant: STORY_MUTANTS.claimRemoved,
    run: (which) => sendTwice(`claim-${which}`),
    right: { second: 'already-delivered', calls: 1 },
    killedBy: 'answers: a hundred copies of one webhook, ten at a time, are one call',
  },
  {
    name: 'the settling removed',
    mutant: STORY_MUTANTS.settlingRemoved,
    run: (which) => sendTwice(`settle-${which}`),
    right: { second: 'already-delivered', calls: 1 },
    killedBy: 'answers: a hundred copies of one webhook, ten at a time, are one call',
  },
  {
    name: 'the partial batch response dropped',
    mutant: STORY_MUTANTS.batchResponseDropped,
    run: (which) => throttle(`throttled-${which}`),
    right: true,
    killedBy: 'answers: a call that is throttled twice is made a third time',
  },
  {
    name: 'the code in the body ignored',
    mutant: STORY_MUTANTS.codeIgnored,
    run: (which) => refuse(`refused-${which}`),
    right: 'webex-mandatory-field-missing',
    killedBy: 'webhook-path: that Webex Campaign refuses inside an HTTP 200 is dead-lettered with the reason',
  },
  {
    name: 'the redaction of event keys removed',
    mutant: STORY_MUTANTS.eventKeyNotHashed,
    run: (which) => isKeyInLedger(`redacted-${which}`),
    right: false,
    killedBy: 'canary: no value of a payload, event key, API key, secret or signature …',
  },
];

describe('a story fails, and so kills its mutant:', () => {
  test.each(MUTANTS)(
    '$name, by $killedBy',
    async ({ mutant, run, right }) => {
      expect(await run('as-it-is')).toEqual(right);
      expect(await withMutant(story.run, mutant, () => run('mutant'))).not.toEqual(right);
    },
    240_000,
  );
});

const QUEUE = 'http://127.0.0.1:1/queue';

/** What either function needs to start; nothing of it is reached. */
const ENVIRONMENT = {
  AWS_REGION: 'us-east-1',
  STACK_NAME: 'stack',
  BUFFER_QUEUE_URL: QUEUE,
  PUBLIC_URL: 'http://127.0.0.1:1',
  DEAD_LETTER_QUEUE_URL: QUEUE,
  WEBEX_EVENT_URL: QUEUE,
  WEBEX_KEYS_SECRET: 'webex-campaign',
  LEDGER_TABLE: 'ledger',
  LEASE_SECONDS: '35',
  EVENTS_PER_SECOND: '5',
  MAX_CONCURRENCY: '2',
  SUCCESS_ID_FIELDS: 'transaction-id',
  SERVICE_UNAVAILABLE: 'unclear',
  PROBE: 'call',
};

describe('the middy wrapper dropped is killed, since a bug is', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'mutant-'));
    writeFileSync(join(directory, CATALOGUE_FILE), '[]');
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  /** What comes of an event that no handler expects, quoting a value, and what is printed of it. */
  async function invoke(stage: Mutant['function'], changes: Mutant['changes']): Promise<unknown> {
    // The mutant takes the place of the bundle, beside its chunks.
    await bundleHandler(
      fileURLToPath(new URL(`../../lambdas/${stage}/handler.ts`, import.meta.url)),
      directory,
    );
    await bundleMutant(
      { function: stage, file: `${stage}/handler.ts`, changes },
      join(directory, BUNDLE_FILE),
    );
    const pool = createFunctionPool(
      {
        name: stage,
        directory,
        handler: 'index.handler',
        timeoutSeconds: 10,
        memoryMegabytes: 128,
        environment: ENVIRONMENT,
      },
      () => {},
    );
    const invocation = await pool.invoke({ Records: 'quoted' });
    await pool.stop();
    return invocation.ok ? Object(invocation.value).statusCode : invocation.failure;
  }

  /** Exports the function that middy wraps in the place of its wrapper. */
  const unwrap = (stage: Mutant['function']): Mutant['changes'] => [
    ['export const handler = middy()', 'export const wrapped = middy()'],
    [`.handler(${stage});`, `.handler(${stage});\nexport const handler = ${stage};`],
  ];

  test('answered by ingest with 503, so that the vendor keeps the webhook', async () => {
    expect(await invoke('ingest', [])).toBe(503);
    expect(await invoke('ingest', unwrap('ingest'))).not.toBe(503);
  }, 30_000);

  test('reported by deliver with its name alone, since its message may quote a webhook', async () => {
    expect(await invoke('deliver', [])).toBe('Error: $ZodError');
    expect(await invoke('deliver', unwrap('deliver'))).not.toBe('Error: $ZodError');
  }, 30_000);
});
