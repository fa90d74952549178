import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { PROFILES } from '../../lambdas/ingest/source.ts';
import { verifySignature } from '../../lambdas/ingest/verify-signature.ts';

const vectorsSchema = z.object({
  vectors: z
    .array(
      z.object({
        id: z.string(),
        profile: z.enum(['stripe', 'shopify']),
        secret: z.string(),
        headers: z.record(z.string(), z.string()),
        body: z.string(),
        now: z.number().nullable(),
        expected: z.enum(['valid', 'invalid']),
      }),
    )
    .min(1),
});

const { vectors } = vectorsSchema.parse(
  JSON.parse(readFileSync(new URL('../../samples/vectors.json', import.meta.url), 'utf8')),
);

describe('the signature vectors that vendors and libraries publish', () => {
  test.each(vectors)('$id is $expected', ({ profile, secret, headers, body, now, expected }) => {
    const verified = verifySignature(PROFILES[profile].signature, {
      headers: new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      rawBody: Buffer.from(body),
      receivedAt: new Date((now ?? 0) * 1000),
      secrets: [secret],
    });

    expect(verified.ok).toBe(expected === 'valid');
  });
});
