import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { findProfile, PROFILE_NAMES } from '../../../lambdas/ingest/signature/profiles/profiles.ts';
import type { SignatureScheme } from '../../../lambdas/ingest/signature/scheme.ts';
import { verifySignature } from '../../../lambdas/ingest/signature/verify.ts';
import { signWebhook } from '../../../signing/sign-webhook.ts';
import { signableBody } from './signable-body.ts';

// npm run -s forge -- [count] [seed]: how docs/verification.md comes by its numbers.
const [count = 1_000_000, seed = 1] = process.argv.slice(2).map(Number);
const NOW = new Date('2026-11-24T09:30:00Z');
const URL = 'https://hooks.example.com/webhooks/x?a=1';
const SECRETS = {
  utf8: 'a secret',
  base64: 'YSBzZWNyZXQ=',
  base64url: 'YSBzZWNyZXQ',
  hex: '00ff10',
} as const;

const schemes = PROFILE_NAMES.flatMap((name) => {
  const scheme = findProfile(name)?.signature;
  return scheme === undefined ? [] : [{ name, scheme, secret: secretFor(scheme) }];
});

function secretFor(scheme: SignatureScheme): string {
  const encoding = scheme.kind === 'hmac' ? scheme.secretEncoding : 'utf8';
  return SECRETS[encoding];
}

type Generated = {
  readonly headers: ReadonlyMap<string, string>;
  readonly rawBody: Uint8Array;
  /** Whether the request is as it was signed. */
  readonly isGenuine: boolean;
};

const anyText = fc.string({ unit: 'binary', maxLength: 80 });
const anyBody = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  anyText.map((text) => Buffer.from(text)),
  fc.json({ maxDepth: 2 }).map((text) => Buffer.from(text)),
);
const generator = fc.record({
  which: fc.nat({ max: schemes.length - 1 }),
  way: fc.constantFrom('genuine', 'body', 'header', 'other-secret', 'text', 'nothing'),
  body: anyBody,
  other: anyBody,
  text: anyText,
  skewSeconds: fc.integer({ min: -2, max: 2 }),
});

const counts = { requests: 0, genuine: 0, accepted: 0, refused: 0, forged: 0, rejected: 0, thrown: 0 };
const codes = new Map<string, number>();
const startedAt = performance.now();
const BATCH = 10_000;
for (let done = 0; done < count; done += BATCH) {
  const samples = fc.sample(generator, { numRuns: Math.min(BATCH, count - done), seed: seed + done });
  for (const sample of samples) judge(sample);
}
const seconds = (performance.now() - startedAt) / 1000;
const byCode = [...codes].sort(([, a], [, b]) => b - a);
process.stdout.write(
  `${JSON.stringify({ count, seed, seconds, counts, codes: Object.fromEntries(byCode) }, null, 2)}\n`,
);
process.exitCode = counts.forged + counts.rejected + counts.thrown > 0 ? 1 : 0;

type Sample = Omit<typeof generator extends fc.Arbitrary<infer Value> ? Value : never, 'body'> & {
  readonly body: Uint8Array;
};

function judge(generated: Sample): void {
  const source = schemes[generated.which] ?? schemes[0];
  if (source === undefined) return;
  const sample = { ...generated, body: signableBody(source.scheme, generated.body) };
  const { headers, rawBody, isGenuine } = generate(source, sample);
  const request = {
    method: 'POST',
    url: URL,
    query: 'a=1',
    headers,
    rawBody,
    receivedAt: NOW,
    secrets: [source.secret],
  };
  counts.requests += 1;
  counts.genuine += isGenuine ? 1 : 0;
  try {
    const verified = verifySignature(source.scheme, request);
    tally(verified.ok ? 'verified' : verified.failure.code);
    counts[verified.ok ? 'accepted' : 'refused'] += 1;
    if (verified.ok !== isGenuine) report(verified.ok ? 'forged' : 'rejected', source.name, sample);
  } catch (error) {
    report('thrown', source.name, { ...sample, error });
  }
}

function tally(code: string): void {
  codes.set(code, (codes.get(code) ?? 0) + 1);
}

function report(what: 'forged' | 'rejected' | 'thrown', name: string, sample: object): void {
  counts[what] += 1;
  process.stderr.write(`${what}: ${name} ${JSON.stringify(sample)}\n`);
}

function generate(source: (typeof schemes)[number], sample: Sample): Generated {
  const { scheme, secret } = source;
  const at = new Date(NOW.getTime() + sample.skewSeconds * 1000);
  const signed = signWebhook(scheme, { secret, url: URL, rawBody: sample.body, at, id: 'msg_1' });
  // Plug-ins do not sign the bytes of the body, so that another body may verify too: other tests cover them.
  const isSignable = signed.ok && scheme.kind !== 'custom';
  const sent = isSignable ? signed.value.headers : namesOf(scheme, sample.text);
  const headers = new Map(Object.entries(sent));
  switch (sample.way) {
    case 'genuine':
      return { headers, rawBody: sample.body, isGenuine: isSignable };
    case 'body': {
      // A shared secret proves nothing about the body.
      const isSame = Buffer.compare(sample.body, sample.other) === 0 || scheme.kind === 'sharedSecret';
      return { headers, rawBody: sample.other, isGenuine: isSignable && isSame };
    }
    case 'header': {
      const [name = '', value = ''] = [...headers].at(sample.which % headers.size) ?? [];
      const at = sample.text.length % Math.max(value.length, 1);
      headers.set(name, `${value.slice(0, at)}~${value.slice(at + 1)}`);
      return { headers, rawBody: sample.body, isGenuine: false };
    }
    case 'other-secret':
      for (const name of headers.keys()) {
        headers.set(name, createHmac('sha256', sample.text).update(sample.body).digest('hex'));
      }
      return { headers, rawBody: sample.body, isGenuine: false };
    case 'text':
      for (const name of headers.keys()) headers.set(name, sample.text);
      return { headers, rawBody: sample.body, isGenuine: false };
    case 'nothing':
      return { headers: new Map(), rawBody: sample.body, isGenuine: false };
  }
}

/** The headers of what only a vendor can sign, with any text in them. */
function namesOf(scheme: SignatureScheme, text: string): Readonly<Record<string, string>> {
  if (scheme.kind === 'sharedSecret') return { authorization: text };
  if (scheme.kind === 'custom') return { [`x-${scheme.plugIn}-signature`]: text };
  const extractors = scheme.kind === 'jwt' ? [scheme.token] : [scheme.signature, scheme.timestamp];
  return Object.fromEntries(
    extractors.flatMap((one) => [one?.header ?? []].flat().map((name) => [name, text])),
  );
}
