import * as z from 'zod';
import { findOptions, PROFILE_NAMES } from '../../lambdas/ingest/signature/profiles/profiles.ts';
import type { Extractor, SignatureScheme } from '../../lambdas/ingest/signature/scheme.ts';
import { type Profile, profileSchema } from '../../lambdas/ingest/source.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { checkAgainst, didYouMean, type Finding } from '../config/file.ts';
import { explainSlow } from './checks/expressions.ts';

const objectSchema = z.record(z.string(), z.unknown());

/** What a mapping file may say beside `verify`, in the words of a profile. */
const BESIDE = {
  'event-type': 'eventType',
  'deduplication-id': 'deduplicationId',
  handshakes: 'handshakes',
  acknowledge: 'acknowledge',
} as const;

type BesideVerify = Partial<Record<keyof typeof BESIDE, unknown>>;

/**
 * Resolves `verify`: the name of a profile, a profile with some options changed (`{profile: zendesk, content: …}`), or all
 * the options. `beside` takes the place of what the profile says of type, id, handshakes and acknowledgement.
 */
export function resolveVerify(
  verify: unknown,
  beside: BesideVerify = {},
): Result<Profile, readonly Finding[]> {
  const knobs = readOptions(verify);
  if (!knobs.ok) return knobs;
  const given = Object.entries(BESIDE).flatMap(([key, name]) => {
    const value = beside[key as keyof typeof BESIDE];
    return value === undefined
      ? []
      : [[name, Array.isArray(value) || !isList(name) ? value : [value]] as const];
  });
  const checked = checkAgainst(profileSchema, { ...knobs.value, ...Object.fromEntries(given) });
  if (!checked.ok) {
    return fail(checked.failure.map((finding) => whereWritten(finding, typeof verify === 'string')));
  }
  const slow = findSlowPicks(checked.value.signature);
  if (slow.length === 0) return checked;
  return fail(slow.map(({ path, message }) => ({ path: ['verify', ...path], message })));
}

/** One selector may stand without its list. */
function isList(name: string): boolean {
  return name === 'eventType' || name === 'deduplicationId';
}

function readOptions(verify: unknown): Result<object, readonly Finding[]> {
  if (typeof verify === 'string') return profileNamed(verify, ['verify']);
  const object = objectSchema.safeParse(verify);
  if (!object.success) {
    return fail([{ path: ['verify'], message: 'expected the name of a profile, or the knobs of a scheme.' }]);
  }
  const { profile, ...knobs } = object.data;
  if (profile === undefined) return succeed({ signature: knobs });
  const base = profileNamed(String(profile), ['verify', 'profile']);
  if (!base.ok) return base;
  return succeed({ ...base.value, signature: { ...base.value.signature, ...knobs } });
}

function profileNamed(
  name: string,
  path: readonly PropertyKey[],
): Result<{ readonly signature: object }, readonly Finding[]> {
  const profile = findOptions(name);
  if (profile !== undefined) return succeed({ ...profile, signature: { ...(profile.signature as object) } });
  const message = `${JSON.stringify(name)} is not a profile. ${didYouMean(name, PROFILE_NAMES, `There are: ${PROFILE_NAMES.join(', ')}.`)}`;
  return fail([{ path, message }]);
}

/** Where a person wrote what is wrong in a profile: in `verify`, or beside it. */
function whereWritten({ path: [first = '', ...rest], message }: Finding, isName: boolean): Finding {
  const key = Object.entries(BESIDE).find(([, name]) => name === first)?.[0];
  return { path: key === undefined ? ['verify', ...(isName ? [] : rest)] : [key, ...rest], message };
}

/**
 * Where a scheme's `pick` patterns could be made slow by what stands in a header, and why. Anyone can send one, so that
 * a pattern which goes back and forth in it would let anyone keep the function busy. Judged at synth: the function
 * itself only ever sees patterns that passed.
 */
function findSlowPicks(
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
