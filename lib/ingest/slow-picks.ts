import type { Extractor, SignatureScheme } from '../../lambdas/ingest/signature-scheme.ts';
import { explainSlow } from '../slow-pattern.ts';

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
