import type * as z from 'zod';
import type { Profile, Source } from '../../lambdas/ingest/source.ts';
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
} from '../config/file.ts';
import { repair } from '../config/repair.ts';
import { findUnfitSource } from '../stages/limits.ts';
import { type Contract, definitionOf } from './contract.ts';
import { checkDefinitions } from './contract-check.ts';
import { checkExpressions, checkLiterals, mappedHeaders } from './expressions.ts';
import {
  eventIdOf,
  mappingFileSchema,
  resolveMapping,
  type WrittenEvent,
  type WrittenFile,
  type WrittenMapping,
} from './schema.ts';
import { checkDeduplicationIds, checkSecretHeaders, resolveVerify } from './verify.ts';

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
  const unfit = findUnfitSource(value.source);
  if (unfit !== undefined) return [problemAt(['source'], unfit)];
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

/** What has a name, and the names that it had before. */
type Renamed = {
  readonly name: string;
  readonly formerly?: readonly string[] | undefined;
  /** Makes a problem at one of the former names. */
  readonly problemAt: (place: number, message: string) => Problem;
};

type Claim = { readonly former: string; readonly owner: Renamed; readonly place: number };

/** Checks that a former name leads to one event, or source, and that none has it now: else two would share what it was. */
export function checkFormerNames(kind: 'event' | 'source', all: readonly Renamed[]): readonly Problem[] {
  const claims = all.flatMap((owner) =>
    (owner.formerly ?? []).map((former, place) => ({ former, owner, place })),
  );
  return claims.flatMap((claim, index) => {
    const message = explainPresent(kind, claim, all) ?? explainShared(claim, claims.slice(0, index));
    return message === undefined ? [] : [claim.owner.problemAt(claim.place, message)];
  });
}

function explainPresent(
  kind: 'event' | 'source',
  { former, owner }: Claim,
  all: readonly Renamed[],
): string | undefined {
  if (former === owner.name) return `"${former}" is its present name. Remove it here.`;
  const other = all.find(({ name }) => name === former);
  if (other === undefined) return undefined;
  if (other.formerly?.includes(owner.name)) {
    return `"${owner.name}" and "${former}" each say that they were the other. Remove one of the two lines.`;
  }
  const rename = kind === 'event' ? 'Give that event another name' : 'Rename that folder';
  return `"${former}" is the name of another ${kind}. ${rename}, or remove this line.`;
}

function explainShared({ former, owner }: Claim, earlier: readonly Claim[]): string | undefined {
  const first = earlier.find((claim) => claim.former === former)?.owner;
  if (first === undefined) return undefined;
  const whose = first === owner ? 'is there twice' : `is a former name of "${first.name}" already`;
  return `"${former}" ${whose}. Keep it where it belongs, and remove the other.`;
}
