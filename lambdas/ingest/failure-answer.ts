import { type Answer, writeAnswer } from './answer.ts';
import type { IngestFailure } from './request.ts';
import { adviseOn, type VerificationFailure } from './signature/verification.ts';
import type { Acknowledgement } from './source.ts';

type Sentence<Failure> = { readonly statusCode: number; readonly message: (failure: Failure) => string };

/**
 * Status and sentence per code; a code without one does not compile. Our own misconfiguration is a 503, never a 4xx:
 * some vendors never retry after a 4xx, and disable the endpoint (design.md, "Decisions").
 */
const FAILURES: {
  readonly [Code in Exclude<IngestFailure, VerificationFailure>['code']]: Sentence<
    Extract<IngestFailure, { code: Code }>
  >;
} = {
  'unknown-path': {
    statusCode: 404,
    message: () => 'There is nothing at this path. Webhooks are taken at POST /webhooks/{source}.',
  },
  'unknown-source': {
    statusCode: 404,
    message: () => 'No deployed mapping folder has this name. Check the last part of the webhook URL.',
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
  'content-encoding-not-taken': {
    statusCode: 415,
    message: ({ encoding }) =>
      `The body is encoded as ${JSON.stringify(encoding)}. Send it as it is, or by gzip.`,
  },
  'body-not-gzip': { statusCode: 400, message: () => 'The body begins as gzip and does not unpack.' },
  'unpacked-body-too-large': {
    statusCode: 413,
    message: ({ limitBytes }) => `The body unpacks to more than ${limitBytes} bytes.`,
  },
  'body-too-large': {
    statusCode: 413,
    message: ({ bytes, encodedBytes, limitBytes }) =>
      `The body has ${bytes} bytes and takes ${encodedBytes} on the buffer; the limit there is ${limitBytes}.`,
  },
  'body-not-json': {
    statusCode: 400,
    message: () => 'The body is not valid in UTF-8, as JSON or as the form that it seems to be.',
  },
  'body-too-deep': {
    statusCode: 400,
    message: ({ limit }) => `Lists and objects of the body stand more than ${limit} deep within each other.`,
  },
  'verify-token-not-stored': {
    statusCode: 401,
    message: () =>
      'This source has no verify token to compare with. Store it beside the signing secret: adapter secrets set.',
  },
  'event-type-missing': {
    statusCode: 400,
    message: ({ where }) => `The event type is missing: expected a non-empty text in ${where}.`,
  },
  'secret-missing': {
    statusCode: 503,
    message: () =>
      'The signing secret of this source has not been set yet. The operator has to store it: adapter secrets set, ' +
      'or for the local run a row in local/secrets.json.',
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

/**
 * A webhook that does not verify is the sender's fault (401, or 413 where it is too large to be looked at), unless the
 * configuration of its source is wrong (503).
 */
const VERIFICATION_STATUS: { readonly [Code in VerificationFailure['code']]: 401 | 413 | 503 } = {
  'missing-header': 401,
  'missing-query-parameter': 401,
  'missing-member': 401,
  'malformed-header': 401,
  'malformed-query-parameter': 401,
  'malformed-member': 401,
  'wrong-claim': 401,
  'repeated-header': 401,
  'timestamp-too-old': 401,
  'timestamp-in-future': 401,
  'body-hash-differs': 401,
  'unverified-body-too-large': 413,
  'too-many-fields': 413,
  'ambiguous-content': 401,
  'wrong-signature-length': 401,
  'body-re-encoded': 401,
  'no-matching-secret': 401,
  'secret-whitespace': 503,
  'wrong-secret-kind': 503,
  'secret-undecodable': 503,
  'secret-certificate-missing': 503,
  'public-url-missing': 503,
  'public-url-differs': 503,
};

/**
 * Answers a request that was refused. A function loads this file with its first one (`lib/bundle/bundle-function.ts`).
 * @param acknowledge a vendor that wants no body in an answer (Xero) gets none in a refusal, either
 */
export function answerFailure(failure: IngestFailure, acknowledge?: Acknowledgement): Answer {
  const answer = explainFailure(failure);
  return acknowledge?.body === '' ? { ...answer, body: '' } : answer;
}

function explainFailure(failure: IngestFailure): Answer {
  if (isVerificationFailure(failure)) {
    return writeAnswer(VERIFICATION_STATUS[failure.code], failure.code, adviseOn(failure));
  }
  const { statusCode, message } = FAILURES[failure.code] as Sentence<IngestFailure>;
  const answer = writeAnswer(statusCode, failure.code, message(failure));
  // RFC 9110, 15.5.6: a 405 names the allowed methods.
  return statusCode === 405 ? { ...answer, headers: { ...answer.headers, allow: 'POST' } } : answer;
}

function isVerificationFailure(failure: IngestFailure): failure is VerificationFailure {
  return Object.hasOwn(VERIFICATION_STATUS, failure.code);
}
