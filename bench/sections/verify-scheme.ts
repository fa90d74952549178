import * as z from 'zod';
import { findProfile } from '../../lambdas/ingest/signature-profiles/profiles.ts';
import { verifySignature } from '../../lambdas/ingest/verify-signature.ts';
import { compareWork } from '../measure/in-process.ts';
import { type SignedCase, signedCases } from './signed-cases.ts';

// A process of its own, started by verify.ts: measures one scheme with bodies of one size, and says what it has found.
const roundsSchema = z.object({ rounds: z.number(), milliseconds: z.number() });

const [profile, bytes, rounds = ''] = process.argv.slice(2);
const signed = signedCases(JSON.stringify({ filling: 'x'.repeat(Number(bytes)) })).find(
  (one) => one.profile === profile,
);
if (signed === undefined) throw new Error(`No vendor signs as "${profile}".`);
const work = { floor: signed.floor, ours: verifierOf(signed), ...signed.libraries };
process.send?.(await compareWork(work, 'floor', roundsSchema.parse(JSON.parse(rounds))));
process.disconnect();

/** Our verification of a signed request. Throws if it does not verify. */
function verifierOf({ profile, headers, secret, rawBody, receivedAt }: SignedCase): () => unknown {
  const scheme = findProfile(profile)?.signature;
  if (scheme === undefined) throw new Error(`There is no profile "${profile}".`);
  const request = {
    method: 'POST',
    headers: new Map(Object.entries(headers)),
    rawBody,
    receivedAt,
    secrets: [secret],
    url: undefined,
    query: '',
  };
  if (!verifySignature(scheme, request).ok) throw new Error(`The signature of ${profile} does not verify.`);
  return () => verifySignature(scheme, request);
}
