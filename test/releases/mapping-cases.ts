import { createHash } from 'node:crypto';
import { mutationsOf } from './mutate-body.ts';

/** A webhook as it was recorded: all that map knows of it, so that nothing else has to stay as it was. */
export type RecordedWebhook = {
  /** `shipped/stripe/payment-failed`: the set, the mapping, and the example or sample. */
  readonly name: string;
  /** The mapping that it goes through, by its file below `mappings/`: `shipped/stripe`. */
  readonly mapping: string;
  readonly stage: string;
  readonly source: string;
  readonly eventTypes: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly receivedAt: string;
  readonly bodyFormat: 'json' | 'form';
  readonly body: string;
};

/** What map makes of a webhook by one event of the mapping, as far as it is compared. */
type MappedFacts = {
  readonly name: string;
  readonly item?: number;
  readonly kind: string;
  readonly code?: string;
  readonly failure?: object;
  readonly event?: { readonly eventId: string; readonly eventKey: string };
  readonly payload?: string;
  readonly leftOut?: readonly object[];
  readonly occurredAt?: Date;
};

/** A mapping, ready for webhooks. */
export type Mapper = (
  webhook: Omit<RecordedWebhook, 'body'> & { readonly body: unknown },
) => Promise<readonly MappedFacts[]>;

/** What is needed of a tree of the product, of today or of a release. */
export type Product = {
  readonly prepare: (mapping: string, source: string, stage: string) => Mapper;
  /** Reads a body as deliver does; `undefined` where it cannot be read. */
  readonly readBody: (bytes: Uint8Array, format: 'json' | 'form') => { readonly value: unknown } | undefined;
};

/** One webhook with one body: the recorded one, or a mutation of it. */
export type MappingCase = { readonly id: string; readonly body: string };

/**
 * The cases of a webhook: as it is, and each mutation of it. The id of a case is the webhook's name, for a mutation with
 * the pointer and the change behind it.
 */
export function* casesOf({ name, body, bodyFormat }: RecordedWebhook): Generator<MappingCase> {
  yield { id: name, body };
  if (bodyFormat !== 'json') return;
  for (const { pointer, change, body: mutated } of mutationsOf(body)) {
    yield { id: `${name} ${pointer || '/'} ${change}`, body: mutated };
  }
}

/** What a case becomes, as a JSON text: equal texts are equal results. */
export async function resultOf(
  { readBody }: Product,
  mapper: Mapper,
  webhook: RecordedWebhook,
  body: string,
): Promise<string> {
  const read = readBody(Buffer.from(body), webhook.bodyFormat);
  if (read === undefined) return '"body-not-readable"';
  try {
    const mapped = await mapper({ ...webhook, body: read.value });
    return JSON.stringify(mapped.map(factsOf));
  } catch (error) {
    // Map promises never to throw. A difference says more than a broken run.
    return JSON.stringify({ threw: error instanceof Error ? error.name : typeof error });
  }
}

/** The members that count, in an order of their own. The text of an expression is the mapping's, so it is left out. */
function factsOf({
  name,
  item,
  kind,
  code,
  failure,
  event,
  payload,
  leftOut,
  occurredAt,
}: MappedFacts): object {
  const facts = Object.entries(failure ?? {}).filter(([member]) => member !== 'expression');
  return {
    name,
    item,
    kind,
    code,
    ...(failure && { failure: Object.fromEntries(facts.sort(([a], [b]) => (a < b ? -1 : 1))) }),
    eventId: event?.eventId,
    eventKey: event?.eventKey,
    payload,
    leftOut,
    occurredAt: occurredAt?.toISOString(),
  };
}

/** Twelve digits tell results apart; the whole of them would be most of the table. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
