/** When the period of these tests begins and ends: thirty slots of an hour. */
export const PERIOD = { since: new Date('2026-06-01T00:00:00Z'), until: new Date('2026-06-02T06:00:00Z') };

/** A time within the period, in hours from its beginning. */
function hour(hours: number): { readonly Timestamp: number } {
  return { Timestamp: PERIOD.since.getTime() + hours * 3_600_000 };
}

/** A line of ingest. */
export function requestLine(hours: number, fields: object = {}): string {
  const line = { stage: 'ingest', code: 'buffered', source: 'shop', eventTypes: ['paid'], requestId: 'r' };
  return JSON.stringify({ _aws: hour(hours), ...line, ...fields });
}

/** A line of deliver about an event. */
export function eventLine(hours: number, id: string, fields: object = {}): string {
  const line = {
    stage: 'deliver',
    source: 'shop',
    event: 'paid',
    deduplicationId: id,
    outcome: 'delivered',
    code: 'delivered',
    attempts: 1,
  };
  return JSON.stringify({ _aws: hour(hours), ...line, ...fields });
}

/** What becomes of an event that is not delivered. */
export const OTHER_ENDS = {
  skipped: { outcome: 'skipped', code: 'when-not-met', attempts: undefined },
  expired: { outcome: 'expired', code: 'too-old', attempts: 0 },
  keyless: {
    outcome: 'dead-letter',
    code: 'event-key-missing',
    attempts: 0,
    detail: 'event-key: missing, from {% email %}',
  },
  badKey: {
    outcome: 'dead-letter',
    code: 'event-key-invalid',
    attempts: 0,
    detail: 'event-key: not a valid email, from {% email %}',
  },
  incomplete: {
    outcome: 'dead-letter',
    code: 'parameter-missing',
    attempts: 0,
    detail: 'event-params.amount: null, from {% amount %}',
  },
  unconfirmed: { outcome: 'dead-letter', code: 'unconfirmed', attempts: 1, detail: 'timeout' },
  refused: { outcome: 'dead-letter', code: 'webex-refused', attempts: 1 },
} as const;
