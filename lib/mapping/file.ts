import * as z from 'zod';
import { findOptions, PROFILE_NAMES } from '../../lambdas/ingest/signature/profiles/profiles.ts';
import { type Profile, profileSchema, type Source } from '../../lambdas/ingest/source.ts';
import { MAX_PARAMETERS } from '../../lambdas/map/event.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { matchesEventType } from '../../lambdas/webhook-body.ts';
import {
  type ConfigFile,
  checkAgainst,
  didYouMean,
  type Finding,
  type Problem,
  readConfigFile,
  repair,
} from '../config/file.ts';
import { type Contract, definitionOf } from './contract.ts';
import { checkDefinitions } from './contract-check.ts';
import { checkDeduplicationIds } from './deduplication-id.ts';
import {
  checkExpressions,
  checkLiterals,
  checkSecretHeaders,
  explainSlow,
  mappedHeaders,
} from './expressions.ts';
import { checkFormerNames } from './former-names.ts';
import {
  eventIdOf,
  mappingFileSchema,
  resolveMapping,
  type WrittenEvent,
  type WrittenFile,
  type WrittenMapping,
} from './schema.ts';

/** A mapping file: how its source is verified (ingest's part) and what becomes of its webhooks (map's part). */
export type MappingFile = WrittenMapping & {
  readonly secret: string;
  readonly profile: Profile;
  /** The event definitions that its events may name; each event has the id of its own already. */
  readonly contract?: Contract | undefined;
  /** Makes a problem at the line where the value at a path stands. */
  readonly problemAt: ConfigFile<unknown>['problemAt'];
};

/** Ingest's part of a mapping file; map's part is `resolveMapping`'s. */
export function sourceOf(file: MappingFile): Source {
  const { source, formerly, secret, profile, events } = file;
  const eventTypes = [...new Set(events.flatMap(({ on }) => on))];
  // Which headers an expression reads does not depend on the stage.
  const headers = mappedHeaders(resolveMapping(file, ''));
  return {
    source,
    ...(formerly && { formerly }),
    secret,
    profile,
    eventTypes,
    mappedHeaders: [...headers],
  };
}

/** What a mapping file is checked against. */
type Terms = {
  /** The stages that event ids have to be there for; not checked where there are none. */
  readonly stages?: readonly string[] | undefined;
  /** The event definitions that it may name; missing where there is no contract file. */
  readonly contract?: Contract | undefined;
};

/**
 * Parses one `mapping.yaml`, and checks all that can be checked without a webhook.
 * @param folder the name of the folder that the file is in
 */
export function parseMappingFile(
  file: string,
  text: string,
  { folder, ...terms }: Terms & { readonly folder: string },
): Result<MappingFile, readonly Problem[]> {
  const read = readConfigFile(file, text);
  if (!read.ok) return read;
  const { value: raw, problemAt } = read.value;
  const checked = checkAgainst(checkedSchema, raw);
  if (!checked.ok) return fail(inOrder(problemsOf(read.value, checked.failure, terms)));

  const { verify, source, formerly, secret, let: definitions, defaults, events, ...beside } = checked.value;
  const parsed = { value: checked.value, problemAt };
  const profile = resolveVerify(verify, beside);
  const problems = [
    ...checkFolder(parsed, folder),
    ...(profile.ok
      ? [...checkSecretHeaders(parsed, profile.value), ...checkDeduplicationIds(parsed, profile.value)]
      : profile.failure.map(({ path, message }) => problemAt(path, message))),
    ...checkMeaning(parsed, terms),
  ];
  return profile.ok && problems.length === 0
    ? succeed({
        source,
        formerly,
        secret,
        let: definitions,
        defaults,
        events: events.map((event) => withId(event, terms.contract)),
        profile: profile.value,
        contract: terms.contract,
        problemAt,
      })
    : fail(inOrder(problems));
}

/** The event with the id of its definition; without one where the definition has problems, which are reported. */
function withId(event: WrittenEvent, contract: Contract | undefined): WrittenEvent {
  const definition = definitionOf(event, contract);
  return definition === undefined ? event : { ...event, 'event-id': definition['event-id'] };
}

type Parsed = ConfigFile<WrittenFile>;

/** The schema with `verify` resolved where it stands, so that its problems are reported with all others. */
const checkedSchema = mappingFileSchema.extend({
  verify: mappingFileSchema.shape.verify.superRefine(checkVerify),
});

/** Any event type does here: whether there is one is checked with the rest of the profile. */
function checkVerify(verify: unknown, context: z.core.$RefinementCtx): void {
  if (verify === undefined) {
    context.addIssue({ code: 'custom', path: [], message: 'is missing. Add it.' });
    return;
  }
  const profile = resolveVerify(verify, { 'event-type': { body: '/type' } });
  for (const { path, message } of profile.ok ? [] : profile.failure) {
    context.addIssue({ code: 'custom', path: path.slice(1), message });
  }
}

/** What stands in the place of a required value that is wrong, by its key, so that the rest can be checked. */
const PLACEHOLDERS: Readonly<Record<string, unknown>> = {
  source: 'placeholder',
  secret: 'placeholder',
  verify: 'stripe',
  name: 'placeholder',
  on: 'placeholder',
  'event-id': 'placeholder',
  'event-key': 'placeholder',
  kind: 'text',
  value: 'placeholder',
};

/** What is wrong by the schema, and what else is wrong in what is right by it. */
function problemsOf(
  { value: raw, problemAt }: ConfigFile<unknown>,
  findings: readonly Finding[],
  terms: Terms,
): readonly Problem[] {
  const problems = findings.map(({ path, message }) => problemAt(path, message));
  const repaired = repair(raw, mappingFileSchema, findings, PLACEHOLDERS);
  if (repaired === undefined) return problems;
  const known = repaired.replaced.map((path) => problemAt(path, '').path);
  const more = checkMeaning({ value: repaired.value, problemAt }, terms).filter(
    ({ path }) => !known.some((other) => path === other || path.startsWith(`${other}.`)),
  );
  return [...problems, ...more];
}

/** As a person reads the file. */
function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted(
    (one, other) => (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0),
  );
}

function checkFolder({ value, problemAt }: Parsed, folder: string): readonly Problem[] {
  if (value.source === folder) return [];
  const message = `expected "${folder}", the name of the folder. Rename one of the two. Where the folder had another name, say "formerly: [old-name]".`;
  return [problemAt(['source'], message)];
}

function checkMeaning(parsed: Parsed, { stages, contract }: Terms): readonly Problem[] {
  return [
    ...checkDefinitions(parsed, contract),
    ...checkNames(parsed),
    ...checkFormerEvents(parsed),
    ...checkEventTypes(parsed),
    ...(stages === undefined ? [] : checkEventIds(parsed, stages)),
    ...checkParameters(parsed),
    ...checkLiterals(parsed),
    ...checkExpressions(parsed),
  ];
}

function checkFormerEvents({ value, problemAt }: Parsed): readonly Problem[] {
  const events = value.events.map(({ name, formerly }, index) => ({
    name,
    formerly,
    problemAt: (place: number, message: string) => problemAt(['events', index, 'formerly', place], message),
  }));
  return checkFormerNames('event', events);
}

function checkNames({ value, problemAt }: Parsed): readonly Problem[] {
  const names = value.events.map(({ name }) => name);
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [problemAt(['events', index, 'name'], `"${name}" names an event above. Give each its own name.`)],
  );
}

/** Finds types that no webhook can have, and those that an entry before them covers already. */
function checkEventTypes({ value, problemAt }: Parsed): readonly Problem[] {
  return value.events.flatMap(({ on }, index) =>
    on.flatMap((pattern, place) => {
      const path = on.length === 1 ? ['events', index, 'on'] : ['events', index, 'on', place];
      if (!/^[\u0020-\u007e\u00a0-\uffff]{1,256}$/.test(pattern) || pattern.trim() !== pattern) {
        return [
          problemAt(path, 'no event type looks like this, so that it cannot be reached. Check its spelling.'),
        ];
      }
      const earlier = on.slice(0, place).find((other) => matchesEventType(other, pattern));
      if (earlier === undefined) return [];
      const message = `is within "${earlier}" already, so that it cannot be reached. Remove one of the two.`;
      return [problemAt(path, message)];
    }),
  );
}

function checkEventIds({ value, problemAt }: Parsed, stages: readonly string[]): readonly Problem[] {
  return value.events.flatMap((event, index) => {
    const id = event['event-id'];
    const path = ['events', index, 'event-id'];
    if (id === undefined || typeof id === 'string') return [];
    const missing = stages.filter((stage) => !eventIdOf(event, stage));
    const unknown = Object.keys(id).filter((stage) => !stages.includes(stage));
    return [
      ...missing.map((stage) =>
        problemAt(path, `has no id for the stage "${stage}". Add it: ${stage}: evt_…`),
      ),
      ...unknown.map((stage) => {
        const advice = didYouMean(stage, stages, `The stages are: ${stages.join(', ')}.`);
        return problemAt([...path, stage], `is not a stage. ${advice}`);
      }),
    ];
  });
}

function checkParameters({ value, problemAt }: Parsed): readonly Problem[] {
  return value.events.flatMap((event, index) => {
    const names = Object.keys({ ...value.defaults['event-params'], ...event['event-params'] });
    const at = ['events', index];
    const unknown = event.required.flatMap((name, place) => {
      if (names.includes(name)) return [];
      const advice = didYouMean(name, names, 'Add it there, or remove it here.');
      return [problemAt([...at, 'required', place], `"${name}" is not among event-params. ${advice}`)];
    });
    if (names.length <= MAX_PARAMETERS) return unknown;
    const message = `has ${names.length} parameters; Webex Campaign takes ${MAX_PARAMETERS}. Remove some.`;
    return [...unknown, problemAt([...at, 'event-params'], message)];
  });
}

const objectSchema = z.record(z.string(), z.unknown());

/** What a mapping file may say beside `verify`, in the words of a profile. */
const BESIDE = {
  'event-type': 'eventType',
  'deduplication-id': 'deduplicationId',
  form: 'form',
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
  const options = readOptions(verify);
  if (!options.ok) return options;
  const given = Object.entries(BESIDE).flatMap(([key, name]) => {
    const value = beside[key as keyof typeof BESIDE];
    // One selector may stand without its list.
    const isList = name === 'eventType' || name === 'deduplicationId';
    return value === undefined ? [] : [[name, isList ? [value].flat() : value] as const];
  });
  const checked = checkAgainst(profileSchema, { ...options.value, ...Object.fromEntries(given) });
  if (!checked.ok) {
    return fail(checked.failure.map((finding) => whereWritten(finding, typeof verify === 'string')));
  }
  const slow = findSlowPicks(checked.value.signature);
  return slow.length === 0 ? checked : fail(slow);
}

function readOptions(verify: unknown): Result<object, readonly Finding[]> {
  if (typeof verify === 'string') return profileNamed(verify, ['verify']);
  const object = objectSchema.safeParse(verify);
  if (!object.success) {
    const message = 'expected the name of a profile, or the options of a scheme.';
    return fail([{ path: ['verify'], message }]);
  }
  const { profile, ...options } = object.data;
  if (profile === undefined) return succeed({ signature: options });
  const base = profileNamed(String(profile), ['verify', 'profile']);
  if (!base.ok) return base;
  return succeed({ ...base.value, signature: mergeOptions(base.value.signature, options) });
}

/** What says where a value stands; of two that differ, the second takes the place of the first with all that is beside it. */
const PLACES = ['in', 'header', 'query', 'body'];

/**
 * Changes some options of a profile: objects are merged, null removes an option, and all else replaces what was there, as in a
 * JSON merge patch (RFC 7396).
 */
function mergeOptions(base: object, changes: object): object {
  const before = base as Readonly<Record<string, unknown>>;
  const merged: Record<string, unknown> = isOtherPlace(base, changes) ? {} : { ...before };
  for (const [name, change] of Object.entries(changes)) {
    if (change === null) delete merged[name];
    else if (isPlainObject(change) && isPlainObject(merged[name]))
      merged[name] = mergeOptions(merged[name], change);
    else merged[name] = change;
  }
  return merged;
}

/** Another place altogether; another header is read as the profile's was. */
function isOtherPlace(base: object, changes: object): boolean {
  const placeOf = (options: object) => {
    const { in: kind, ...rest } = options as { readonly in?: unknown };
    return kind ?? PLACES.find((place) => place in rest);
  };
  const [from, to] = [placeOf(base), placeOf(changes)];
  return to !== undefined && from !== to;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function profileNamed(
  name: string,
  path: readonly PropertyKey[],
): Result<{ readonly signature: object }, readonly Finding[]> {
  const profile = findOptions(name);
  if (profile !== undefined) return succeed({ ...profile, signature: { ...(profile.signature as object) } });
  const advice = didYouMean(name, PROFILE_NAMES, `There are: ${PROFILE_NAMES.join(', ')}.`);
  return fail([{ path, message: `${JSON.stringify(name)} is not a profile. ${advice}` }]);
}

/** Where a person wrote what is wrong in a profile: in `verify`, or beside it. */
function whereWritten({ path: [first = '', ...rest], message }: Finding, isName: boolean): Finding {
  const key = Object.entries(BESIDE).find(([, name]) => name === first)?.[0];
  return { path: key === undefined ? ['verify', ...(isName ? [] : rest)] : [key, ...rest], message };
}

/**
 * Finds `pick` patterns that a header could make slow. Anyone can send a header, and would keep the function busy with it.
 * The function itself does not look again: it only sees patterns that passed here.
 */
function findSlowPicks(scheme: Profile['signature']): readonly Finding[] {
  if (scheme.kind === 'sharedSecret' || scheme.kind === 'custom') return [];
  const extractors =
    scheme.kind === 'jwt'
      ? { token: scheme.token }
      : { signature: scheme.signature, timestamp: scheme.timestamp, id: scheme.id };
  return Object.entries(extractors).flatMap(([name, extractor]) => {
    const pick = extractor?.pick;
    const message = pick === undefined ? undefined : explainSlow(pick);
    return message === undefined ? [] : [{ path: ['verify', name, 'pick'], message }];
  });
}
