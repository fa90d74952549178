import { createHmac } from 'node:crypto';
import { fail, type Result, succeed } from '../result.ts';
import { bodyFormatOf, follow, parseBody } from '../webhook-body.ts';
import type { IngestFailure } from './failure.ts';
import type { WebhookRequest } from './request.ts';
import { verifySharedSecret } from './signature/shared-secret.ts';
import type { Handshake } from './source.ts';

/** `{query:NAME}`, `{body:/pointer}`, `{hmacHex:/pointer}`; anything else between braces is text. */
const TEMPLATE_TOKEN = /\{(query|body|hmacHex):([^{}]+)\}/g;

/** A handshake's answer, ready to be sent. */
export type HandshakeAnswer = Handshake['respond'];

/** The first handshake that a request matches, if any. */
export function findHandshake(
  handshakes: readonly Handshake[],
  request: WebhookRequest,
): Handshake | undefined {
  const candidates = handshakes.filter(({ match }) => match.method === request.method);
  if (candidates.length === 0) return undefined;
  const query = new URLSearchParams(request.query);
  return candidates.find(
    ({ match }) =>
      isMatch(match.query, (name) => query.get(name) ?? undefined) &&
      isMatch(match.headers, (name) => withoutParameters(request.headers.get(name))) &&
      (match.body === undefined || isMatch(match.body, readMembers(request))),
  );
}

function isMatch(
  wanted: Readonly<Record<string, string>> | undefined,
  read: (name: string) => string | undefined,
): boolean {
  return Object.entries(wanted ?? {}).every(([name, value]) => {
    const found = read(name);
    return value === '*' ? found !== undefined && found !== '' : found === value;
  });
}

/** `application/json; charset=utf-8` matches by its media type alone. */
function withoutParameters(value: string | undefined): string | undefined {
  return value?.replace(/;.*$/s, '').trim();
}

function readMembers({ rawBody, headers }: WebhookRequest): (pointer: string) => string | undefined {
  const body = parseBody(rawBody, bodyFormatOf(headers.get('content-type')));
  return (pointer) => {
    const value = body.ok ? follow(body.value, pointer)[0] : undefined;
    return value === undefined || value === null || typeof value === 'object' ? undefined : String(value);
  };
}

/** Checks a handshake's token, where it has one, against the one that is stored beside the signing secrets. */
export function checkToken(
  { authenticate }: Handshake,
  { query, headers, rawBody }: WebhookRequest,
  { verifyToken }: { readonly verifyToken?: string | undefined },
  secret: string,
): Result<void, IngestFailure> {
  if (typeof authenticate === 'string') return succeed(undefined);
  if (verifyToken === undefined) {
    return fail({ code: 'secret-invalid', secret, problems: ['/verifyToken: is missing'] });
  }
  const request = { method: '', query, headers, rawBody, receivedAt: new Date(0), secrets: [verifyToken] };
  const verified = verifySharedSecret({ in: 'query', name: authenticate.token }, request);
  return verified.ok ? succeed(undefined) : verified;
}

/** Fills in a handshake's answer. `key` is the secret that verified the request: some vendors want an HMAC made with it. */
export function answerHandshake(
  { respond }: Handshake,
  request: WebhookRequest,
  key: string | undefined,
): HandshakeAnswer {
  const query = new URLSearchParams(request.query);
  const member = readMembers(request);
  const isJson = /json/i.test(respond.contentType);
  const body = respond.body.replaceAll(TEMPLATE_TOKEN, (_, kind: string, name: string) => {
    const value = (kind === 'query' ? query.get(name) : member(name)) ?? '';
    const written = kind === 'hmacHex' ? hmacHex(value, key) : value;
    return isJson ? JSON.stringify(written).slice(1, -1) : written;
  });
  return { ...respond, body };
}

function hmacHex(value: string, key = ''): string {
  return key === '' ? '' : createHmac('sha256', key).update(value).digest('hex');
}
