import { type Result, succeed } from '../../lambdas/result.ts';
import type { MappingFile } from '../../lib/mapping/file.ts';
import { signFlawed } from '../../signing/flawed-webhook.ts';
import { lowerCase } from './example-webhook.ts';
import { eventsOf, type PlannedWebhook } from './plan.ts';

const DAY_MILLISECONDS = 86_400_000;

/** A request as its vendor would post it at this moment. */
export type Post = {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};

/**
 * The bytes of a planned webhook whose event has happened at this moment, or as long before as the script has it: one body
 * for each request that it is sent in.
 * @param attempt how often it was sent before. A vendor that cuts its batches anew sends it in several requests then.
 */
export function bodiesOf(webhook: PlannedWebhook, now: Date, attempt: number): readonly Uint8Array[] {
  if (webhook.source === 'cutting') return cutBodiesOf(webhook, now, attempt);
  const { fault, example } = webhook;
  if (fault.flaw === 'empty') return [new Uint8Array()];
  const body = example === undefined ? ownBodyOf(webhook, now) : example.bodyAt(now);
  return [fault.flaw === 'not-json' ? Buffer.concat([body, Buffer.from(',')]) : body];
}

/** As HubSpot does: each item counts its attempts, and a later batch may have other items in another order. */
function cutBodiesOf(webhook: PlannedWebhook, now: Date, attempt: number): readonly Uint8Array[] {
  const items = eventsOf(webhook).map(({ whom, identity: rehearsal }, index) => ({
    eventId: 100,
    subscriptionId: 4_017_812,
    occurredAt: now.getTime(),
    subscriptionType: webhook.fault.type,
    attemptNumber: attempt,
    objectId: `${webhook.id}-${index}`,
    whom,
    rehearsal,
  }));
  const write = (batch: readonly object[]) => Buffer.from(WRITERS[webhook.style](batch));
  if (attempt === 0) return [write(items)];
  const turned = [...items.slice(attempt), ...items.slice(0, attempt)];
  const middle = Math.ceil(turned.length / 2);
  // The item in the middle is in both.
  return [write(turned.slice(0, middle)), write(turned.slice(middle - 1))];
}

function ownBodyOf(webhook: PlannedWebhook, now: Date): Uint8Array {
  const { id, fault, text, style } = webhook;
  const events = eventsOf(webhook);
  const at = new Date(now.getTime() - (fault.ageDays ?? 0) * DAY_MILLISECONDS).toISOString();
  const body = {
    id,
    type: fault.type,
    whom: events[0]?.whom,
    text,
    at,
    wanted: fault.type !== 'asked',
    items: events.map(({ whom, identity: rehearsal }) => ({ whom, rehearsal })),
  };
  return Buffer.from(WRITERS[style](body));
}

const WRITERS: Readonly<Record<PlannedWebhook['style'], (body: object) => string>> = {
  compact: (body) => JSON.stringify(body),
  spaced: (body) => `${JSON.stringify(body, null, 2)}\n`,
  escaped: (body) =>
    JSON.stringify(body).replaceAll(
      /[^ -~]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
};

/** What a planned webhook is signed with, and where it goes. */
export type SigningTerms = { readonly secret: string; readonly forged?: string; readonly url: string };

/** Signs a planned webhook with the secret that its vendor has now, as well as its flaw allows. */
export function signPlanned(
  webhook: PlannedWebhook,
  body: Uint8Array,
  mapping: MappingFile,
  terms: SigningTerms,
): Post {
  const signed = trySigning(webhook, body, mapping, terms);
  if (!signed.ok) throw new Error(signed.failure);
  return signed.value;
}

/** The same; fails with a sentence where a source cannot be signed so. */
export function trySigning(
  { id, source, fault, example }: PlannedWebhook,
  body: Uint8Array,
  { profile: { signature } }: MappingFile,
  { secret, forged = FORGED_SECRET, url }: SigningTerms,
): Result<Post, string> {
  const { flaw, type } = fault;
  const path = `/webhooks/${flaw === 'stranger' ? 'stranger' : source}`;
  const own = example?.headers ?? { 'content-type': 'application/json', 'x-github-event': type };
  const toSign = {
    secret: flaw === 'forged' ? forged : secret,
    url: ('publicUrl' in signature ? signature.publicUrl : undefined) ?? `${url}${path}`,
    rawBody: body,
    contentType: own['content-type'],
    at: new Date(),
    id,
  };
  const flaws = { tamper: flaw === 'tampered', stale: flaw === 'stale', unsigned: flaw === 'unsigned' };
  const signed = signFlawed(signature, toSign, flaws);
  if (!signed.ok) return signed;
  const { query, rawBody, headers } = signed.value;
  return succeed({
    path: query === '' ? path : `${path}?${query}`,
    headers: { ...own, ...Object.fromEntries(lowerCase(headers)) },
    body: flaw === 'respaced' ? Buffer.concat([rawBody, Buffer.from(' ')]) : rawBody,
  });
}

/** Of the form that every source of the rehearsal takes, and nobody's. */
const FORGED_SECRET = `whsec_${Buffer.from('nobody knows this one').toString('base64')}`;
