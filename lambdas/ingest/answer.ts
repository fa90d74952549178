import type { Received } from './receive.ts';
import type { Acknowledgement } from './source.ts';

/** The HTTP answer to the sender: `{ code, message }`, unless its vendor wants to read something else. */
export type Answer = {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

const ACCEPTED = {
  buffered: 'Verified and buffered for delivery.',
  ignored: 'Verified. No mapping wants this event type, so nothing will be sent.',
};

/** Answers a webhook that was taken: what its vendor wants to read, or `{ code, message }`. */
export function answerReceived(received: Received, acknowledge: Acknowledgement | undefined): Answer {
  if (received.code === 'handshake-answered') {
    const { status, contentType, headers, body } = received.answer;
    return { statusCode: status, headers: { ...headers, ...headersOf(contentType) }, body };
  }
  return acknowledge === undefined
    ? writeAnswer(200, received.code, ACCEPTED[received.code])
    : { statusCode: 200, headers: headersOf(acknowledge.contentType), body: acknowledge.body };
}

/** An answer by which a person sees what became of a request. */
export function writeAnswer(statusCode: number, code: string, message: string): Answer {
  return { statusCode, headers: headersOf('application/json'), body: JSON.stringify({ code, message }) };
}

/** A handshake's answer may quote the sender: `nosniff` keeps browsers from showing it as a page. */
function headersOf(contentType: string | undefined): Answer['headers'] {
  return { ...(contentType && { 'content-type': contentType }), 'x-content-type-options': 'nosniff' };
}
