import { succeed } from '../result.ts';
import type { ReceiveDependencies } from './receive-webhook.ts';
import type { Source } from './source.ts';

// A webhook that nobody has sent, of a source that is in no catalogue, signed with a secret that is none. Received at the
// cold start, by the code that receives any other, it has all of that code compiled before the first event comes.

const SECRET = 'dry-run';

const SOURCE: Source = {
  source: 'dry-run',
  secret: 'dry-run',
  profile: {
    signature: {
      kind: 'hmac',
      algorithm: 'sha256',
      secretEncoding: 'utf8',
      encoding: 'hex',
      signature: { header: 'signature', split: ',', pick: '^v1=(.+)$' },
      timestamp: { header: 'signature', split: ',', pick: '^t=(.+)$', format: 'unix' },
      content: '{timestamp}.{body}',
    },
    eventType: [{ body: '/type' }],
    deduplicationId: [{ body: '/id' }],
    handshakes: [],
  },
  eventTypes: ['dry.*'],
  mappedHeaders: ['content-type'],
};

/** The request, as API Gateway would hand it over. */
export const DRY_RUN_EVENT = {
  rawPath: '/webhooks/dry-run',
  rawQueryString: '',
  headers: {
    'content-type': 'application/json',
    signature: 't=1700000000,v1=a269f213c19498e75a3bfc7a9e61eb865c0a47297f810ce7240b6ff5a47521ec',
  },
  body: '{"type":"dry.run","id":"dry-run"}',
  isBase64Encoded: false,
  requestContext: { requestId: 'dry-run', http: { method: 'POST' } },
};

/** What the dry run is received with: it reads no secret, and what it buffers is up to `putOnBuffer`. */
export function dryRunDependencies(putOnBuffer: ReceiveDependencies['putOnBuffer']): ReceiveDependencies {
  return {
    sources: new Map([[SOURCE.source, SOURCE]]),
    publicUrl: 'https://dry-run.invalid',
    signingSecrets: {
      read: async () => succeed({ signingSecrets: [SECRET] }),
      reread: async () => undefined,
    },
    putOnBuffer,
  };
}
