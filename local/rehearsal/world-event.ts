import type { Random } from './random.ts';

/** What befalls the world around the adapter, beside what befalls single webhooks. Times are true milliseconds. */
export type WorldEvent =
  | { readonly name: 'signing-secret-rotated' }
  | { readonly name: 'late-secret-set' }
  /** The old key is refused from the same moment on that the new one is in the secret. */
  | { readonly name: 'key-rotated' }
  | { readonly name: 'keys-revoked'; readonly milliseconds: number }
  /** The primary key is refused, the secondary is not. */
  | { readonly name: 'primary-revoked'; readonly milliseconds: number }
  | { readonly name: 'ledger-away'; readonly milliseconds: number }
  | { readonly name: 'sends-refused'; readonly milliseconds: number }
  | { readonly name: 'endpoint-away'; readonly milliseconds: number }
  | { readonly name: 'redelivery'; readonly messages: number }
  | { readonly name: 'unreadable-message' }
  /** SQS moves every dead letter back, with nobody's leave. */
  | { readonly name: 'redrive-all' }
  /** An operator replays them by the command for it. */
  | { readonly name: 'replay-all' };

/**
 * Everything that can befall the world, in an order of chance.
 * @param times how often; a secret is set or rotated only once, since ingest looks again once a minute at most
 */
export function drawWorldEvents(random: Random, times: number): readonly WorldEvent[] {
  const once: readonly WorldEvent[] = [{ name: 'signing-secret-rotated' }, { name: 'late-secret-set' }];
  const more = Array.from({ length: times }, () => drawRepeatable(random));
  return random.shuffle([...once, ...more.flat()]);
}

function drawRepeatable(random: Random): readonly WorldEvent[] {
  const soon = () => random.int(400, 1_200);
  return [
    { name: 'key-rotated' },
    { name: 'keys-revoked', milliseconds: soon() },
    { name: 'primary-revoked', milliseconds: soon() },
    { name: 'ledger-away', milliseconds: soon() },
    { name: 'sends-refused', milliseconds: soon() },
    { name: 'endpoint-away', milliseconds: soon() },
    { name: 'redelivery', messages: random.int(5, 20) },
    { name: 'unreadable-message' },
    { name: 'redrive-all' },
    { name: 'replay-all' },
  ];
}
