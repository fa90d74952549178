import { createHmac } from 'node:crypto';
import { type AnswerToken, fillAnswer, hasHmac } from './answer-template.ts';
import { readMembers } from './handshake.ts';
import type { WebhookRequest } from './request.ts';
import type { Handshake } from './source.ts';

// Few requests are handshakes: a function loads this file with its first one (`lib/bundle/bundle-function.ts`).

/** A handshake's answer, ready to be sent. */
export type HandshakeAnswer = Handshake['respond'];

/** What a person has to copy, by its name in the request. */
export type Shown = Readonly<Record<string, string>>;

/**
 * Fills in a handshake's answer.
 * @param key a signing secret, where there may be HMACs: the one that verified the request, or for a stranger the newest
 */
export function answerHandshake(
  { authenticate, respond }: Handshake,
  request: WebhookRequest,
  key: string | undefined,
): HandshakeAnswer {
  const read = compileReader(request);
  const write = (token: AnswerToken): string => {
    const value = read(token);
    if (token.as === 'text') return value;
    return authenticate === 'none' && !isChallenge(value) ? '' : hmac(value, key, token.as);
  };
  const isJson = /json/i.test(respond.contentType ?? '');
  const body = fillAnswer(respond.body, (token) =>
    isJson ? JSON.stringify(write(token)).slice(1, -1) : write(token),
  );
  if (respond.headers === undefined) return { ...respond, body };
  const headers = Object.entries(respond.headers).map(([name, text]) => [
    name,
    // A value of the sender's may end no line.
    fillAnswer(text, write).replaceAll(/[^ -~]/g, ''),
  ]);
  return { ...respond, headers: Object.fromEntries(headers), body };
}

function compileReader(request: WebhookRequest): (value: Pick<AnswerToken, 'from' | 'name'>) => string {
  const query = new URLSearchParams(request.query);
  const member = readMembers(request);
  return ({ from, name }) => {
    const readers = {
      query: () => query.get(name),
      header: () => request.headers.get(name),
      body: () => member(name),
    };
    return readers[from]() ?? '';
  };
}

/** Whether the secret of a source is needed for a handshake that is not signed. */
export function needsSecret({ authenticate, respond, show }: Handshake): boolean {
  if (typeof authenticate === 'object' || show !== undefined) return true;
  return [respond.body, ...Object.values(respond.headers ?? {})].some(hasHmac);
}

/** What a handshake brings for a person to copy; printable, and no longer than tokens and links are. */
export function readShown({ show }: Handshake, request: WebhookRequest): Shown | undefined {
  if (show === undefined) return undefined;
  const [place] = Object.entries(show) as [AnswerToken['from'], string][];
  if (place === undefined) return undefined;
  const [from, name] = place;
  const value = compileReader(request)({ from, name });
  return /^[!-~]{1,2000}$/.test(value) ? { [name]: value } : undefined;
}

/**
 * What a stranger may have signed: it can be no webhook, since no event type can stand in it (`source.ts` has the other half of
 * this rule).
 */
function isChallenge(value: string): boolean {
  return /^[\w+/-]{1,256}={0,2}$/.test(value);
}

function hmac(value: string, key: string | undefined, as: 'hmacHex' | 'hmacBase64'): string {
  if (key === undefined || key === '') return '';
  return createHmac('sha256', key)
    .update(value)
    .digest(as === 'hmacHex' ? 'hex' : 'base64');
}
