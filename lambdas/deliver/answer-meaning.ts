/** An attempt that is to be repeated: it was certainly not accepted. */
export type RetryCode =
  | 'webex-throttled'
  | 'webex-credentials-refused'
  | 'webex-unreachable'
  | 'webex-wrong-endpoint';

/** An attempt that was certainly refused, and that no repetition would mend. */
export type RefusalCode =
  | 'webex-invalid-json'
  | 'webex-mandatory-field-missing'
  | 'webex-no-recommendation'
  | 'webex-not-found'
  | 'webex-method-not-supported'
  | 'webex-refused'
  | 'webex-redirected';

/** What an answer without proof of success means. `unconfirmed`: it may or may not have been accepted. */
export type Meaning = RetryCode | RefusalCode | 'unconfirmed';

/** The failure table of the contract, by the code in the body: it means the same under every status. */
const BY_BODY_CODE: Readonly<Record<string, Meaning>> = {
  1001: 'webex-invalid-json',
  1002: 'webex-mandatory-field-missing',
  1003: 'webex-no-recommendation',
  430: 'webex-credentials-refused',
  498: 'webex-credentials-refused',
  404: 'webex-not-found',
  405: 'webex-method-not-supported',
  429: 'webex-throttled',
  499: 'unconfirmed',
  500: 'unconfirmed',
  502: 'unconfirmed',
};

/** What a status alone means. 408 is a time-out and 499 the vendor's "request failed": neither says "not accepted". */
const BY_STATUS: Readonly<Record<number, Meaning>> = {
  401: 'webex-credentials-refused',
  404: 'webex-not-found',
  405: 'webex-method-not-supported',
  408: 'unconfirmed',
  429: 'webex-throttled',
  499: 'unconfirmed',
};

/**
 * What any other status of a class means; the classes that are missing here are unconfirmed. That holds for 503 as well:
 * the contract does not know it, and a gateway writes it both when it never passed a request on and when the server
 * behind it gave up in the middle.
 */
const BY_STATUS_CLASS: Readonly<Record<number, Meaning>> = { 3: 'webex-redirected', 4: 'webex-refused' };

/** What an answer means that proves no success: the code in its body is asked first, then its status. */
export function meaningOf(status: number, code: string | undefined): Meaning {
  const byCode = code === undefined ? undefined : BY_BODY_CODE[code];
  return byCode ?? BY_STATUS[status] ?? BY_STATUS_CLASS[Math.floor(status / 100)] ?? 'unconfirmed';
}

/** What becomes of an attempt by its meaning. */
export const OUTCOME_OF = {
  'webex-throttled': 'retry-later',
  'webex-credentials-refused': 'retry-later',
  'webex-unreachable': 'retry-later',
  'webex-wrong-endpoint': 'retry-later',
  'webex-invalid-json': 'dead-letter',
  'webex-mandatory-field-missing': 'dead-letter',
  'webex-no-recommendation': 'dead-letter',
  'webex-not-found': 'dead-letter',
  'webex-method-not-supported': 'dead-letter',
  'webex-refused': 'dead-letter',
  'webex-redirected': 'dead-letter',
  unconfirmed: 'unconfirmed',
} as const satisfies Readonly<Record<Meaning, 'retry-later' | 'dead-letter' | 'unconfirmed'>>;
