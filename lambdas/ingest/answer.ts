import type { IngestFailure } from './ingest-failure.ts';

/** What the sender is told. The body is always `{ code, message }`. */
export type Answer = {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

type Accepted = 'buffered' | 'ignored';

const ACCEPTED: Record<Accepted, string> = {
  buffered: 'Verified and buffered for delivery.',
  ignored: 'Verified. No mapping wants this event type, so nothing will be sent.',
};

type Sentence<Failure> = { readonly statusCode: number; readonly message: (failure: Failure) => string };

/**
 * Status and sentence per code; a code without one does not compile. Our own misconfiguration is a 503, never a 4xx:
 * some vendors never repeat a 4xx and disable the endpoint (design.md, "Decisions").
 */
const FAILURES: {
  readonly [Code in IngestFailure['code']]: Sentence<Extract<IngestFailure, { code: Code }>>;
} = {
  'unknown-path': {
    statusCode: 404,
    message: () => 'There is nothing at this path. Webhooks are taken at POST /webhooks/{source}.',
  },
  'unknown-source': {
    statusCode: 404,
    message: () => 'No mapping folder has this name. Check the last part of the webhook URL.',
  },
  'method-not-allowed': {
    statusCode: 405,
    message: ({ method }) => `Webhooks are taken by POST, not ${method}.`,
  },
  'body-empty': { statusCode: 400, message: () => 'The body is empty. Send the webhook as JSON.' },
  'body-not-base64': {
    statusCode: 400,
    message: () => 'The body is marked as base64 but is not valid base64.',
  },
  'body-too-large': {
    statusCode: 413,
    message: ({ bytes, limitBytes }) => `The body has ${bytes} bytes; the limit is ${limitBytes}.`,
  },
  'body-not-json': { statusCode: 400, message: () => 'The body is not valid JSON in UTF-8.' },
  'event-type-missing': {
    statusCode: 400,
    message: ({ where }) => `The event type is missing: expected a non-empty text in ${where}.`,
  },
  'event-id-missing': {
    statusCode: 400,
    message: ({ where }) => `The event id is missing: expected a non-empty text in ${where}.`,
  },
  'missing-header': {
    statusCode: 401,
    message: ({ header }) => `The header ${header} is missing or empty: only signed webhooks are taken.`,
  },
  'malformed-header': {
    statusCode: 401,
    message: ({ header, form }) => `The header ${header} cannot be read. Expected it once, as ${form}.`,
  },
  'repeated-header': {
    statusCode: 401,
    message: ({ header, found }) =>
      `The header ${header} holds ${found} timestamps. Expected one, sent once.`,
  },
  'timestamp-too-old': {
    statusCode: 401,
    message: ({ skewSeconds, toleranceSeconds }) =>
      `The signature's timestamp is ${skewSeconds} s old; at most ${toleranceSeconds} s are tolerated. ` +
      "Sign again, or check the sender's clock.",
  },
  'timestamp-in-future': {
    statusCode: 401,
    message: ({ skewSeconds, toleranceSeconds }) =>
      `The signature's timestamp is ${skewSeconds} s in the future; at most ${toleranceSeconds} s are ` +
      "tolerated. Check the sender's clock.",
  },
  'no-matching-secret': {
    statusCode: 401,
    message: ({ secretsTried }) =>
      `The signature matches none of the active signing secrets (${secretsTried} tried). ` +
      'Either the secret differs or the body was changed after it was signed.',
  },
  'secret-missing': {
    statusCode: 503,
    message: () => 'The signing secret of this source has not been set yet. The operator has to store it.',
  },
  'secret-invalid': {
    statusCode: 503,
    message: () =>
      'The signing secret of this source is stored in a wrong form. The operator has to mend it.',
  },
  'secret-unreadable': {
    statusCode: 503,
    message: () => 'The signing secret of this source could not be read just now. Please try again.',
  },
  'buffer-unavailable': {
    statusCode: 503,
    message: () => 'The webhook could not be buffered just now. Please try again.',
  },
  'internal-error': { statusCode: 503, message: () => 'Something went wrong on our side. Please try again.' },
};

export function answerAccepted(code: Accepted): Answer {
  return writeAnswer(200, code, ACCEPTED[code]);
}

export function answerFailure(failure: IngestFailure): Answer {
  const { statusCode, message } = FAILURES[failure.code] as Sentence<IngestFailure>;
  const answer = writeAnswer(statusCode, failure.code, message(failure));
  // RFC 9110, 15.5.6: a 405 names the methods that would do.
  return statusCode === 405 ? { ...answer, headers: { ...answer.headers, allow: 'POST' } } : answer;
}

function writeAnswer(statusCode: number, code: string, message: string): Answer {
  return {
    statusCode,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code, message }),
  };
}
