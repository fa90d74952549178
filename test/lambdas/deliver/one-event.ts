import type { IntakeRecord } from '../../../lambdas/deliver/ledger/entry.ts';
import type { EventWork } from '../../../lambdas/deliver/work.ts';
import type { Mapped } from '../../../lambdas/map/webhook.ts';

/** When every message about the event came in. */
export const FIRST_SEEN = new Date('2026-11-24T12:00:00Z');

/** The mapping's terms for delivering the event. */
export type OneEventTerms = { readonly onUnconfirmed: 'park' | 'retry'; readonly maxAgeSeconds?: number };

/** The one event, under the terms of its mapping. */
export function mapOneEvent(terms: OneEventTerms): Mapped {
  const event = { name: 'paid', eventId: 'evt_1', eventKey: 'ann', params: {} };
  return {
    kind: 'event',
    name: 'paid',
    event,
    payload: '{}',
    leftOut: [],
    terms: { mappingVersion: '0123456789ab', ...terms },
  };
}

/** The work on one of the messages about the event. */
export function workOn(mapped: Mapped, message: number, receives: number): EventWork<Mapped> {
  return {
    mapped,
    intakeRecord: intakeRecordOf(`delivery-${message}`),
    webhook: {
      webhookId: `delivery-${message}`,
      source: 'stripe',
      eventTypes: ['invoice.paid'],
      deduplicationId: 'evt_1',
      receivedAt: FIRST_SEEN,
      bodyFormat: 'json',
      headers: {},
      rawBody: new Uint8Array(),
    },
    record: {
      messageId: `message-${message}`,
      receiptHandle: '',
      message: { body: '', attributes: {} },
      receives,
      bufferedAt: FIRST_SEEN,
    },
  };
}

function intakeRecordOf(webhookId: string): IntakeRecord {
  return {
    webhookId,
    receivedAt: FIRST_SEEN,
    takenAt: FIRST_SEEN,
    eventTypes: ['invoice.paid'],
    bytes: 2,
    matched: [{ event: 'paid', made: 1, rejected: 0 }],
    others: 0,
  };
}
