import { identifyWebhook } from '../../lambdas/ingest/identify-webhook.ts';
import { verifySignature } from '../../lambdas/ingest/verify-signature.ts';
import { trySigning } from './build-webhook.ts';
import type { Fault } from './fault.ts';
import { FAULTS } from './faults.ts';
import type { Plan, PlannedWebhook } from './plan.ts';
import { type PlanSettings, writeSteps } from './plan-world.ts';
import { createRandom, type Random } from './random.ts';
import type { StudiedExample } from './study-example.ts';

/** Marks of one webhook: each of its leaves has one of its own. */
const MARKS_A_WEBHOOK = 400;

/** Faults of any webhook; those of the rehearsal's own mappings an adopter's examples have to show. */
const ANY_WEBHOOK = FAULTS.filter(({ type }) => type === 'told');

type Drawn = { readonly fault: Fault; readonly studied: StudiedExample };

/**
 * Writes the script of a rehearsal with an adopter's mappings: webhooks are made of their examples, each example once
 * without any fault, and each fault once, as far as there are webhooks enough.
 */
export async function planExamples(
  { seed, events, faults = ANY_WEBHOOK, befalls }: PlanSettings,
  examples: readonly StudiedExample[],
  skipped: readonly string[],
): Promise<Plan> {
  const random = createRandom(seed);
  const usable = faults.filter((fault) => ANY_WEBHOOK.some(({ name }) => name === fault.name));
  const fitting = new Map(usable.map((fault) => [fault, examples.filter((one) => fits(fault, one))]));
  const unfit = usable.filter((fault) => fitting.get(fault)?.length === 0).map(({ name }) => name);
  const drawn = draw(random, events, { fitting, examples });
  const webhooks = await Promise.all(drawn.map((one, index) => makeWebhook(random, one, { seed, index })));
  const notRehearsed = [
    ...skipped,
    ...unfit.map((name) => `fault "${name}": there is no example that it can befall`),
  ];
  return { seed, webhooks, steps: writeSteps(random, webhooks, befalls), notRehearsed };
}

type Choice = {
  readonly fitting: ReadonlyMap<Fault, readonly StudiedExample[]>;
  readonly examples: readonly StudiedExample[];
};

function draw(random: Random, count: number, { fitting, examples }: Choice): readonly Drawn[] {
  const pickFor = (fault: Fault): readonly Drawn[] => {
    const [first, ...more] = fitting.get(fault) ?? [];
    return first === undefined ? [] : [{ fault, studied: random.pick([first, ...more]) }];
  };
  const faults = [...fitting.keys()];
  const plain = faults.find(({ name }) => name === 'none');
  const shown = plain === undefined ? [] : examples.map((studied) => ({ fault: plain, studied }));
  const drawn = random.shuffle([...shown, ...faults.flatMap(pickFor)]).slice(0, count);
  const total = faults.reduce((sum, { weight }) => sum + weight, 0);
  // One that nothing fits gives none, so that a few more have to be drawn.
  for (let tries = 0; drawn.length < count && tries < count * 10; tries += 1) {
    let left = random.int(1, total);
    const fault = faults.find(({ weight }) => {
      left -= weight;
      return left <= 0;
    });
    drawn.push(...(fault === undefined ? [] : pickFor(fault)));
  }
  return drawn;
}

async function makeWebhook(
  random: Random,
  { fault, studied }: Drawn,
  { seed, index }: { readonly seed: number; readonly index: number },
): Promise<PlannedWebhook> {
  const policy = studied.events.find(({ isScripted }) => isScripted)?.policy ?? 'park';
  const webhook = {
    id: `s${seed}-${index}`,
    source: studied.source.mapping.source,
    policy,
    fault,
    text: '',
    style: 'compact' as const,
    items: studied.events.length,
    answers: fault.answers(random, policy),
  };
  return { ...webhook, example: await studied.make((seed * 10_000 + index) * MARKS_A_WEBHOOK + 1_000) };
}

/** Whether a fault can befall webhooks of an example, and shows then. */
function fits(fault: Fault, studied: StudiedExample): boolean {
  if (fault.flaw !== undefined) return isSeenAtTheDoor(fault, studied);
  const isInTheAnswer = fault.answers(createRandom(0), 'park').length > 0;
  return !isInTheAnswer || studied.events.some(({ isScripted }) => isScripted);
}

/** A signature that has no time cannot be stale, and what travels as a secret alone covers no body. */
function isSeenAtTheDoor(fault: Fault, { source, example }: StudiedExample): boolean {
  const { mapping, secret } = source;
  const { headers, rawBody } = example.webhook;
  const made = {
    name: example.name,
    headers: Object.fromEntries(headers),
    bodyAt: () => rawBody,
    events: [],
  };
  const sent = fault.flaw === 'empty' ? new Uint8Array() : rawBody;
  const body = fault.flaw === 'not-json' ? Buffer.concat([sent, Buffer.from(',')]) : sent;
  const url = 'http://127.0.0.1';
  const signed = trySigning({ id: 'id', source: mapping.source, fault, example: made }, body, mapping, {
    secret,
    forged: `${secret.slice(0, -8)}AAAAAAA=`,
    url,
  });
  if (!signed.ok) return false;
  if (fault.flaw === 'stranger' || fault.flaw === 'empty') return true;
  const { path, headers: posted, body: postedBody } = signed.value;
  const request = { headers: new Map(Object.entries(posted)), rawBody: postedBody };
  if (fault.flaw === 'not-json') return !identifyWebhook(mapping.profile, request).ok;
  const { signature } = mapping.profile;
  const publicUrl = 'publicUrl' in signature ? signature.publicUrl : undefined;
  return !verifySignature(signature, {
    ...request,
    method: 'POST',
    url: publicUrl ?? `${url}/webhooks/${mapping.source}`,
    query: new URL(path, url).search.slice(1),
    receivedAt: new Date(),
    secrets: [secret],
  }).ok;
}
