import { signFlawed } from '../../cli/flawed-webhook.ts';
import type { MappingFile } from '../../lib/map/mapping-file.ts';
import type { PlannedWebhook } from './plan.ts';
import { eventsOf } from './plan.ts';

const DAY_MILLISECONDS = 86_400_000;

/** A request as its vendor would post it at this moment. */
export type Post = {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};

/** The bytes of a planned webhook: the same however often it is sent. `startedAt` is when the rehearsal began. */
export function bodyOf(webhook: PlannedWebhook, startedAt: Date): Uint8Array {
  const { id, fault, text, style } = webhook;
  if (fault.flaw === 'empty') return new Uint8Array();
  const events = eventsOf(webhook);
  const at = new Date(startedAt.getTime() - (fault.ageDays ?? 0) * DAY_MILLISECONDS).toISOString();
  const body = {
    id,
    type: fault.type,
    whom: events[0]?.whom,
    text,
    at,
    wanted: fault.type !== 'asked',
    items: events.map(({ whom, identity: rehearsal }) => ({ whom, rehearsal })),
  };
  const json = WRITERS[style](body);
  return Buffer.from(fault.flaw === 'not-json' ? `${json},` : json);
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

/** Signs a planned webhook with the secret that its vendor has now, as well as its flaw allows. */
export function signPlanned(
  { id, source, fault }: PlannedWebhook,
  body: Uint8Array,
  { profile }: MappingFile,
  { secret, url }: { readonly secret: string; readonly url: string },
): Post {
  const { flaw, type } = fault;
  const path = `/webhooks/${flaw === 'stranger' ? 'stranger' : source}`;
  const toSign = {
    secret: flaw === 'forged' ? FORGED_SECRET : secret,
    url: `${url}${path}`,
    rawBody: body,
    contentType: 'application/json',
    at: new Date(),
    id,
  };
  const flaws = { tamper: flaw === 'tampered', stale: flaw === 'stale', unsigned: flaw === 'unsigned' };
  const signed = signFlawed(profile.signature, toSign, flaws);
  if (!signed.ok) throw new Error(signed.failure);
  return {
    path,
    headers: { 'content-type': 'application/json', 'x-github-event': type, ...signed.value.headers },
    body: flaw === 'respaced' ? Buffer.concat([body, Buffer.from(' ')]) : signed.value.rawBody,
  };
}

/** Of the form that every source of the rehearsal takes, and nobody's. */
const FORGED_SECRET = `whsec_${Buffer.from('nobody knows this one').toString('base64')}`;
