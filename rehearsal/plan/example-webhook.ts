import { identifyWebhook } from '../../lambdas/ingest/identity.ts';
import { type CompiledMapping, isOn, type Mapped, mapWebhook } from '../../lambdas/map/webhook.ts';
import { parseBody } from '../../lambdas/webhook-body.ts';
import type { Example } from '../../lib/mapping/examples/example.ts';
import { wasTooOld } from '../../lib/mapping/examples/example.ts';
import type { MappingFile } from '../../lib/mapping/file.ts';
import { signWebhook } from '../../signing/sign-webhook.ts';
import type { End, Policy } from './faults.ts';

/** A campaign event of a webhook that was made of an example. */
type ExampleEvent = {
  /** Name and item, as the ledger has them. */
  readonly name: string;
  readonly whom: string;
  readonly policy: Policy;
  /** What the mapping makes of it when nothing goes wrong. */
  readonly ends: readonly End[];
  /** Whether Webex Campaign's answers are about this one, where a fault is in them. */
  readonly isScripted: boolean;
  readonly eventId?: string;
  /** For how long after it was received it is worth saying, in seconds. */
  readonly worthSeconds?: number;
};

/** A webhook made of an example, so that no other of the run is like it. */
export type MadeOfExample = {
  /** `stripe/payment-failed` */
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Its bytes, as if it had happened as long before that moment as the example's had before it was received. */
  readonly bodyAt: (at: Date) => Uint8Array;
  readonly events: readonly ExampleEvent[];
};

/** What the functions would make of a webhook. */
export type Look = {
  readonly eventTypes: readonly string[];
  readonly deduplicationId: string;
  /** Empty where no event of the mapping is on its types. */
  readonly events: readonly Mapped[];
  readonly isIgnored: boolean;
};

/** A mapping, and what webhooks of its source are signed with. */
export type SignedSource = {
  readonly mapping: MappingFile;
  readonly compiled: CompiledMapping;
  readonly secret: string;
};

/** Looks at a webhook as the functions would; `undefined` where they could not read it. */
export async function lookAt(
  { mapping: { source, profile }, compiled, secret }: SignedSource,
  { webhook }: Example,
  { text, id }: { readonly text: string; readonly id: string },
): Promise<Look | undefined> {
  const toSign = { secret, url: 'http://127.0.0.1', rawBody: Buffer.from(text), at: new Date(0), id };
  const signed = signWebhook(profile.signature, {
    ...toSign,
    contentType: webhook.headers.get('content-type'),
  });
  if (!signed.ok) return undefined;
  const { rawBody } = signed.value;
  const headers = new Map([...webhook.headers, ...lowerCase(signed.value.headers)]);
  const identity = identifyWebhook(profile, { headers, rawBody });
  if (!identity.ok) return undefined;
  const { eventTypes, deduplicationId, bodyFormat } = identity.value;
  if (!compiled.events.some(({ mapping }) => isOn(mapping, eventTypes))) {
    return { eventTypes, deduplicationId, events: [], isIgnored: true };
  }
  const body = parseBody(rawBody, bodyFormat, { form: profile.form });
  if (!body.ok) return undefined;
  const events = await mapWebhook(compiled, {
    source,
    eventTypes,
    headers: Object.fromEntries(headers),
    receivedAt: webhook.receivedAt.toISOString(),
    body: body.value,
  });
  return { eventTypes, deduplicationId, events, isIgnored: false };
}

export function lowerCase(headers: Readonly<Record<string, string>>): readonly [string, string][] {
  return Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
}

/** The events of a webhook, by what the functions would make of it; the scripted one is the first that is called. */
export function eventsOfLook({ events, isIgnored }: Look, receivedAt: Date): readonly ExampleEvent[] {
  if (isIgnored) {
    return [{ name: 'ignored', whom: '', policy: 'park', ends: ['ignored'], isScripted: false }];
  }
  const all = events.map((mapped) => eventOf(mapped, receivedAt));
  const scripted = all.findIndex(({ ends }) => ends.includes('delivered'));
  return all.map((event, index) => ({ ...event, isScripted: index === scripted }));
}

function ageSeconds(mapped: Mapped, receivedAt: Date): number {
  const occurredAt = (mapped.kind === 'event' ? mapped.occurredAt : undefined) ?? receivedAt;
  return (receivedAt.getTime() - occurredAt.getTime()) / 1000;
}

function eventOf(mapped: Mapped, receivedAt: Date): Omit<ExampleEvent, 'isScripted'> {
  const { name, item, terms } = mapped;
  const shared = {
    name: item === undefined ? name : `${name}#${item}`,
    policy: terms.onUnconfirmed,
    ...(terms.maxAgeSeconds !== undefined && {
      worthSeconds: terms.maxAgeSeconds - ageSeconds(mapped, receivedAt),
    }),
  };
  switch (mapped.kind) {
    case 'skipped':
      return { ...shared, whom: '', ends: ['skipped'] };
    case 'rejected':
      return { ...shared, whom: '', ends: [mapped.failure.code] };
    case 'event': {
      const { eventId, eventKey: whom } = mapped.event;
      return { ...shared, eventId, whom, ends: [wasTooOld(mapped, receivedAt) ? 'expired' : 'delivered'] };
    }
  }
}
