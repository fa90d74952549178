import { findProfile } from '../../lambdas/ingest/signature-profiles/profiles.ts';
import { verifySignature } from '../../lambdas/ingest/verify-signature.ts';
import { type Figure, figureOf, round } from '../figure.ts';
import { compareWork, type WorkFigures, type WorkRounds } from '../measure/in-process.ts';
import type { World } from '../world.ts';
import { type SignedCase, signedCases } from './signed-cases.ts';

/** Kilobytes of a body, and what verification of it may cost in HMACs. */
const SIZES = [
  [2, 1.2],
  [20, 1.05],
  [200, 1.05],
] as const;

/** P6: verification against one HMAC, and against the vendors' own libraries in the same process, scheme by scheme. */
export async function measureVerification({ effort }: World): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [kilobytes, goal] of SIZES) {
    for (const signed of signedCases(JSON.stringify({ filling: 'x'.repeat(kilobytes * 1000) }))) {
      figures.push(...(await measureScheme(signed, { what: `verify ${kilobytes} KB`, goal }, effort.work)));
    }
  }
  return figures;
}

async function measureScheme(
  signed: SignedCase,
  { what, goal }: { readonly what: string; readonly goal: number },
  rounds: WorkRounds,
): Promise<readonly Figure[]> {
  const { profile, floor, libraries } = signed;
  const ours = verifierOf(signed);
  const measured: ReadonlyMap<string, WorkFigures> = new Map(
    Object.entries(await compareWork({ floor, ours, ...libraries }, 'floor', rounds)),
  );
  const median = (name: string) => measured.get(name)?.micros.median ?? Number.NaN;
  const ratio = measured.get('ours')?.ratio;
  if (ratio === undefined) throw new Error(`Nothing was measured of ${profile}.`);
  return [
    figureOf({ id: 'P6', what: `${what}, ${profile} / HMAC`, unit: 'x', goal, isHeld: true }, ratio),
    ...Object.keys(libraries).map((library): Figure => {
      const value = round(median('ours') / median(library));
      return { id: 'P6', what: `${what}, ${profile} / ${library}`, unit: 'x', value, goal: 1 };
    }),
  ];
}

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
