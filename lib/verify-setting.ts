import * as z from 'zod';
import { type Profile, profileSchema } from '../lambdas/ingest/profile.ts';
import { findKnobs, PROFILE_NAMES } from '../lambdas/ingest/signature-profiles/profiles.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { sayWhatToDo } from './config-file.ts';
import { findSlowPicks } from './slow-picks.ts';

/** One thing wrong in a setting: where in it, and what to do about it. */
export type SettingProblem = { readonly path: readonly PropertyKey[]; readonly message: string };

const objectSchema = z.record(z.string(), z.unknown());

/** What a mapping file may say beside `verify`, in the words of a profile. */
const BESIDE = {
  'event-type': 'eventType',
  'deduplication-id': 'deduplicationId',
  handshakes: 'handshakes',
  acknowledge: 'acknowledge',
} as const;

export type BesideVerify = Partial<Record<keyof typeof BESIDE, unknown>>;

/**
 * Resolves `verify`: the name of a profile, a profile with some knobs changed (`{profile: zendesk, content: …}`), or all
 * the knobs. `beside` takes the place of what the profile says of type, id, handshakes and acknowledgement.
 */
export function resolveVerify(
  verify: unknown,
  beside: BesideVerify = {},
): Result<Profile, readonly SettingProblem[]> {
  const knobs = readKnobs(verify);
  if (!knobs.ok) return knobs;
  const given = Object.entries(BESIDE).flatMap(([key, name]) => {
    const value = beside[key as keyof typeof BESIDE];
    return value === undefined
      ? []
      : [[name, Array.isArray(value) || !isList(name) ? value : [value]] as const];
  });
  const parsed = profileSchema.safeParse(
    { ...knobs.value, ...Object.fromEntries(given) },
    { error: sayWhatToDo },
  );
  if (parsed.success) {
    const slow = findSlowPicks(parsed.data.signature);
    if (slow.length === 0) return succeed(parsed.data);
    return fail(slow.map(({ path, message }) => ({ path: ['verify', ...path], message })));
  }
  return fail(parsed.error.issues.flatMap((issue) => expand(issue, typeof verify === 'string')));
}

/** One selector may stand without its list. */
function isList(name: string): boolean {
  return name === 'eventType' || name === 'deduplicationId';
}

function readKnobs(verify: unknown): Result<object, readonly SettingProblem[]> {
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
): Result<{ readonly signature: object }, readonly SettingProblem[]> {
  const profile = findKnobs(name);
  if (profile !== undefined) return succeed({ ...profile, signature: { ...(profile.signature as object) } });
  const message = `expected one of: ${PROFILE_NAMES.join(', ')}; found ${JSON.stringify(name)}.`;
  return fail([{ path, message }]);
}

/** Says a problem of a profile where a person wrote it: in `verify`, or beside it. */
function expand(issue: z.core.$ZodIssue, isName: boolean): readonly SettingProblem[] {
  const [first = '', ...rest] = issue.path;
  const key = Object.entries(BESIDE).find(([, name]) => name === first)?.[0];
  const path = key === undefined ? ['verify', ...(isName ? [] : rest)] : [key, ...rest];
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  const message = 'is not a known key. Check its spelling, or remove it.';
  return issue.keys.map((name) => ({ path: [...path, name], message }));
}
