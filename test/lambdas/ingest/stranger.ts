import { createHash, generateKeyPairSync } from 'node:crypto';
import { encodeBufferedWebhook } from '../../../lambdas/buffer/message.ts';
import { answerReceived } from '../../../lambdas/ingest/answer.ts';
import { answerFailure } from '../../../lambdas/ingest/failure-answer.ts';
import { formatReceived } from '../../../lambdas/ingest/log-line.ts';
import { type ReceiveDependencies, receiveWebhook } from '../../../lambdas/ingest/receive.ts';
import { type HttpApiEvent, httpApiEventSchema } from '../../../lambdas/ingest/request.ts';
import { writePart } from '../../../lambdas/ingest/signature/header.ts';
import { findProfile, PROFILE_NAMES } from '../../../lambdas/ingest/signature/profiles/profiles.ts';
import type {
  Extractor,
  JwtScheme,
  SignatureScheme,
  SignedScheme,
} from '../../../lambdas/ingest/signature/scheme.ts';
import type { Source } from '../../../lambdas/ingest/source.ts';
import { succeed } from '../../../lambdas/result.ts';

// What somebody without a secret may send: every shipped profile with headers of the right form, and bodies that are hard to read.

const RECEIVED_AT = new Date('2026-11-24T09:30:00Z');

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;

/** Two secrets that a scheme can read. */
function secretsFor(scheme: SignatureScheme): readonly string[] {
  if (scheme.kind === 'ed25519') {
    return ['A', 'B'].map((letter) => Buffer.alloc(32, letter).toString('base64'));
  }
  if (scheme.kind === 'rsa') {
    const pem = RSA.export({ format: 'pem', type: 'spki' }).toString();
    return [pem, `${pem}\n`];
  }
  if (scheme.kind === 'ecdsa') return [EC.export({ format: 'der', type: 'spki' }).toString('base64')];
  return ['00ff10aa', Buffer.from('abcabc').toString('hex')];
}

const sources = new Map(
  PROFILE_NAMES.flatMap((name): [string, Source][] => {
    const profile = findProfile(name);
    const source = { source: name, secret: name, eventTypes: ['*'], mappedHeaders: ['x-a'] };
    return profile === undefined ? [] : [[name, { ...source, profile }]];
  }),
);

/** How often a secret was read. */
export const reads = { secrets: 0 };

const dependencies: ReceiveDependencies = {
  sources,
  publicUrl: 'https://hooks.example.com',
  signingSecrets: {
    read: async (name) => {
      reads.secrets += 1;
      const scheme = sources.get(name)?.profile.signature;
      return succeed({
        signingSecrets: scheme === undefined ? [] : [...secretsFor(scheme)],
        verifyToken: 'v',
      });
    },
    reread: async (name) => dependencies.signingSecrets.read(name),
  },
  putOnBuffer: async (webhook) => {
    const message = encodeBufferedWebhook(webhook);
    return message.ok ? succeed(undefined) : message;
  },
};

/** The answer to a request, as the handler makes it, its log line included. */
export async function ask(event: HttpApiEvent) {
  const reception = await receiveWebhook(httpApiEventSchema.parse(event), RECEIVED_AT, dependencies);
  const line = formatReceived('r1', RECEIVED_AT, reception);
  JSON.stringify(line);
  const { received, source } = reception;
  const answer = received.ok
    ? answerReceived(received.value, source?.profile.acknowledge)
    : answerFailure(received.failure, source?.profile.acknowledge);
  return { ...answer, code: received.ok ? received.value.code : received.failure.code, line };
}

export function post(
  source: string,
  body: string,
  headers: HttpApiEvent['headers'] = {},
  changes: Partial<HttpApiEvent> = {},
): HttpApiEvent {
  return {
    rawPath: `/webhooks/${source}`,
    rawQueryString: '',
    headers,
    body,
    isBase64Encoded: false,
    requestContext: { requestId: 'r1', http: { method: 'POST' } },
    ...changes,
  };
}

type Head = { readonly headers: Readonly<Record<string, string>>; readonly query: string };

/** Headers and query by which a request looks signed: of the right form, and wrong. */
export function forgedHead(source: string, body: string): Head {
  const scheme = sources.get(source)?.profile.signature;
  if (scheme === undefined) return { headers: {}, query: '' };
  if (scheme.kind === 'sharedSecret') {
    const authorization = `Basic ${Buffer.from('a:b').toString('base64')}`;
    return { headers: { 'x-gitlab-token': 'x', authorization }, query: 'secret=x' };
  }
  if (scheme.kind !== 'custom') return { headers: forgedHeaders(scheme), query: '' };
  const signature = Buffer.alloc(20, 1).toString('base64');
  const hash = createHash('sha256').update(body).digest('hex');
  return {
    headers: { [`x-${scheme.plugIn}-signature`]: signature },
    query: /^[{[]/.test(body) ? `bodySHA256=${hash}` : '',
  };
}

const TIMES = {
  unix: String(RECEIVED_AT.getTime() / 1000),
  'unix-ms': String(RECEIVED_AT.getTime()),
  iso8601: RECEIVED_AT.toISOString(),
  'http-date': RECEIVED_AT.toUTCString(),
};

function forgedHeaders(scheme: SignedScheme | JwtScheme): Readonly<Record<string, string>> {
  if (scheme.kind === 'jwt') return { [headerOf(scheme.token)]: writePart(scheme.token, 'e30.e30.AA') ?? '' };
  const digest = { sha1: 20, sha256: 32, sha512: 64 }['algorithm' in scheme ? scheme.algorithm : 'sha512'];
  const parts: (readonly [Extractor | undefined, string])[] = [
    [scheme.timestamp, scheme.timestamp === undefined ? '' : TIMES[scheme.timestamp.format]],
    [scheme.id, 'msg_1'],
    [scheme.signature, Buffer.alloc(digest, 1).toString(scheme.encoding)],
  ];
  const headers: Record<string, string> = {};
  for (const [extractor, value] of parts) {
    if (extractor === undefined) continue;
    const { split = '' } = extractor;
    const header = headerOf(extractor);
    const written = writePart(extractor, value) ?? value;
    headers[header] = headers[header] === undefined ? written : `${headers[header]}${split}${written}`;
  }
  return headers;
}

function headerOf({ header }: Extractor): string {
  return [header ?? []].flat()[0] ?? 'x-none';
}
