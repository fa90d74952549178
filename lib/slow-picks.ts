import { isSafePattern } from 'redos-detector';
import type { Extractor, SignatureScheme } from '../lambdas/ingest/signature-scheme.ts';

/** A pattern that is too intricate to be judged in this time is too intricate. */
const TIMEOUT_MS = 2000;

/**
 * Where a scheme's `pick` patterns could be made slow by what stands in a header, and why. Anyone can send one, so that
 * a pattern which goes back and forth in it would let anyone keep the function busy. Judged at synth: the function
 * itself only ever sees patterns that passed.
 */
export function findSlowPicks(
  scheme: SignatureScheme,
): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  if (scheme.kind === 'sharedSecret' || scheme.kind === 'custom') return [];
  const extractors: readonly (readonly [string, Extractor | undefined])[] = [
    ['signature', scheme.signature],
    ['timestamp', scheme.timestamp],
    ['id', scheme.id],
  ];
  return extractors.flatMap(([name, extractor]) => {
    const message = extractor?.pick === undefined ? undefined : explainSlow(extractor.pick);
    return message === undefined ? [] : [{ path: [name, 'pick'], message }];
  });
}

function explainSlow(pattern: string): string | undefined {
  try {
    if (isSafePattern(pattern, { timeout: TIMEOUT_MS }).safe) return undefined;
  } catch {
    return 'cannot be checked for its speed. Write it without named groups and inline flags.';
  }
  return (
    'can be made very slow by a header that almost fits, which anyone can send. ' +
    'Begin it with ^, and repeat nothing that repeats: "^v1=(.+)$".'
  );
}
