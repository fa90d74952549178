import type { BufferedWebhook } from '../../lambdas/buffer/message.ts';
import { ledgerKey } from '../../lambdas/deliver/ledger/entry.ts';
import { identifyWebhook } from '../../lambdas/ingest/identity.ts';
import type { Profile } from '../../lambdas/ingest/source.ts';
import type { EventMapping, Mapping } from '../../lambdas/map/mapping.ts';
import type { Mapped } from '../../lambdas/map/webhook.ts';
import { type PreviewedWebhook, previewBy, wasTooOld } from '../../lib/mapping/examples/example.ts';
import { explainConditions } from '../../lib/mapping/words.ts';

/** One source as one side has it for a stage: how its webhooks are identified, and what becomes of them. */
export type SideSource = {
  readonly profile: Pick<Profile, 'eventType' | 'deduplicationId' | 'form'>;
  readonly mapping: Mapping;
};

/** A webhook that both sides map. */
export type ComparedWebhook = {
  /** `stripe/payment-failed`, for a person. */
  readonly name: string;
  readonly from: 'example' | 'sample' | 'dead-letter';
  /** What it is an example of, in its author's words. */
  readonly title?: string;
  /** Its source, by any of its names. */
  readonly source: string;
  /** A dead letter was identified when it came in. */
  readonly webhook: PreviewedWebhook | BufferedWebhook;
};

/** What Webex Campaign is asked for. */
export type Sends = {
  readonly eventId: string;
  readonly eventKey: string;
  readonly params: Readonly<Record<string, string>>;
};

/** Why an event is not sent, without being a dead letter. */
export type NotSent =
  | 'when-not-met'
  | 'no-items'
  | 'too-old'
  | 'other-type'
  | 'no-such-item'
  | 'no-event'
  | 'no-source';

/** What one side makes of a webhook by one event of its mapping, or of one item of the webhook. */
export type Outcome = {
  readonly item?: number;
  /** The id of the fact, where the mapping or the item has one. */
  readonly identity?: string;
  /** Why its condition is met or not, in words with the webhook's values. Missing for a dead letter: they are a customer's. */
  readonly because?: string;
} & (
  | {
      readonly kind: 'sent';
      readonly sends: Sends;
      readonly bytes: number;
      /** The event's key in the ledger, and all keys under which the ledger is asked for it. */
      readonly key: string;
      readonly known: readonly string[];
    }
  | {
      readonly kind: 'rejected';
      readonly code: string;
      readonly at?: string;
      /** The webhook could not be read, so that no event of it is sent. */
      readonly isWhole?: true;
    }
  | { readonly kind: 'not-sent'; readonly why: NotSent }
);

/** What one side makes of a webhook by an event of its mapping; at least one outcome. */
export type OutcomesOf = (event: EventMapping | undefined) => readonly Outcome[];

/** Identifies and maps a webhook as one side does. Not sent where the side has no such source. */
export async function runWebhook(
  side: SideSource | undefined,
  { webhook, from }: ComparedWebhook,
): Promise<OutcomesOf> {
  if (side === undefined) return () => [notSent('no-source')];
  const identified = identify(side, webhook);
  if (!identified.ok) return () => [{ kind: 'rejected', code: identified.failure.code, isWhole: true }];
  const preview = await previewBy(side.mapping, identified.value);
  const mapped = preview.outcome === 'mapped' ? preview.events : [];
  const reasons =
    from === 'dead-letter' ? undefined : await explainConditions(side.mapping, identified.value, mapped);
  return (event) => {
    if (event === undefined) return [notSent('no-event')];
    if (preview.outcome === 'rejected')
      return [{ kind: 'rejected', code: preview.failure.code, isWhole: true }];
    const own = mapped.filter(({ name }) => name === event.name);
    return own.length === 0
      ? [notSent('other-type')]
      : own.map((one) => {
          const because = reasons?.get(one);
          const outcome = outcomeOf(one, event, { side, webhook: identified.value });
          return because === undefined ? outcome : { ...outcome, because };
        });
  };
}

type Identified = Pick<
  BufferedWebhook,
  | 'rawBody'
  | 'headers'
  | 'receivedAt'
  | 'eventTypes'
  | 'bodyFormat'
  | 'deduplicationId'
  | 'formerDeduplicationId'
>;

function identify({ profile }: SideSource, webhook: ComparedWebhook['webhook']) {
  if ('eventTypes' in webhook) return { ok: true, value: webhook as Identified } as const;
  const identity = identifyWebhook(profile, webhook);
  if (!identity.ok) return identity;
  const { rawBody, headers, receivedAt } = webhook;
  const value: Identified = { ...identity.value, rawBody, headers: Object.fromEntries(headers), receivedAt };
  return { ok: true, value } as const;
}

function notSent(why: NotSent): Outcome {
  return { kind: 'not-sent', why };
}

function outcomeOf(
  mapped: Mapped,
  event: EventMapping,
  { side, webhook }: { readonly side: SideSource; readonly webhook: Identified },
): Outcome {
  const { item, identity } = mapped;
  const which = { ...(item !== undefined && { item }), ...(identity !== undefined && { identity }) };
  if (mapped.kind === 'skipped') return { ...which, kind: 'not-sent', why: mapped.code };
  if (mapped.kind === 'rejected') {
    const { failure } = mapped;
    const at = 'path' in failure ? { at: failure.path } : {};
    return { ...which, kind: 'rejected', code: failure.code, ...at };
  }
  if (wasTooOld(mapped, webhook.receivedAt)) return { ...which, kind: 'not-sent', why: 'too-old' };
  const { eventId, eventKey, params } = mapped.event;
  const [key = '', ...others] = ledgerKeys(mapped, event, { side, webhook });
  return {
    ...which,
    kind: 'sent',
    sends: { eventId, eventKey, params },
    bytes: Buffer.byteLength(mapped.payload),
    key,
    known: [key, ...others],
  };
}

/** An event's key in the ledger, then those of before under which deliver looks for it (decision 0026). */
function ledgerKeys(
  { name, item, identity }: Mapped,
  { formerly = [] }: EventMapping,
  { side, webhook }: { readonly side: SideSource; readonly webhook: Identified },
): readonly string[] {
  const { deduplicationId, formerDeduplicationId: formerId } = webhook;
  const place = item === undefined ? {} : { item };
  const identities = identity === undefined ? [place] : [{ identity }, place];
  return namesOf(side).flatMap((source) =>
    [deduplicationId, ...(formerId === undefined ? [] : [formerId])].flatMap((id) =>
      [name, ...formerly].flatMap((known) =>
        identities.map((one) => {
          const key = ledgerKey({ source, deduplicationId: id }, { name: known, ...one });
          return `${key.webhook} ${key.event}`;
        }),
      ),
    ),
  );
}

/** The name of a source, and those that it had. */
export function namesOf({ mapping: { source, formerly = [] } }: SideSource): readonly string[] {
  return [source, ...formerly];
}
