import type { Mapped } from '../map/webhook.ts';
import type { LedgerFacts } from './ledger-entry.ts';

/** What the ledger keeps of the call itself: the event definition, and each parameter's name with its bytes. */
export function callFacts(mapped: Mapped): Pick<LedgerFacts, 'eventId' | 'parameters'> {
  if (mapped.kind !== 'event') return {};
  const { eventId, params } = mapped.event;
  const sizes = Object.entries(params).map(([name, value]) => [name, Buffer.byteLength(value)]);
  return { eventId, parameters: Object.fromEntries(sizes) };
}
