import * as z from 'zod';
import { findOptions, PROFILE_NAMES } from '../../lambdas/ingest/signature/profiles/profiles.ts';
import { type SignatureScheme, uncoveredBody } from '../../lambdas/ingest/signature/scheme.ts';
import { tokensOf } from '../../lambdas/ingest/signature/signed-content.ts';
import { type EventTypeSelector, type Profile, profileSchema } from '../../lambdas/ingest/source.ts';
import { expressionSource, withDefinitions } from '../../lambdas/map/expression.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { type ConfigFile, checkAgainst, didYouMean, type Finding, type Problem } from '../config/file.ts';
import {
  explainSlow,
  expressionsOf,
  headersIn,
  type LocatedText,
  membersRead,
  namesRead,
  parseExpression,
} from './expressions.ts';
import type { WrittenFile } from './schema.ts';

const objectSchema = z.record(z.string(), z.unknown());

/** What a mapping file may say beside `verify`, in the words of a profile. */
const BESIDE = {
  'event-type': 'eventType',
  'deduplication-id': 'deduplicationId',
  form: 'form',
  'api-version': 'apiVersion',
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

/** Headers that prove who sent a webhook stay at ingest. */
export function checkSecretHeaders(
  { value, problemAt }: ConfigFile<WrittenFile>,
  { signature }: Profile,
): readonly Problem[] {
  const carrier =
    'signature' in signature ? signature.signature : 'token' in signature ? signature.token : {};
  const own = [carrier.header ?? []].flat().map((name) => name.toLowerCase());
  const shared =
    'sharedSecret' in signature && 'name' in signature.sharedSecret ? signature.sharedSecret.name : '';
  const secret = ['authorization', 'cookie', ...own, shared.toLowerCase()];
  return expressionsOf(value).flatMap(({ path, text }) =>
    headersIn(text)
      .filter((name) => secret.includes(name.toLowerCase()))
      .map((name) =>
        problemAt(path, `the header ${name} is a secret or a signature, and is not passed on. Use another.`),
      ),
  );
}

/**
 * Checks that every `deduplication-id` of a file reads what is signed, and what differs from one fact to the next. An id of
 * anything else could be changed by whoever has caught one webhook, or would make one event of several facts.
 */
export function checkDeduplicationIds(
  { value, problemAt }: ConfigFile<WrittenFile>,
  { signature, itemId }: Profile,
): readonly Problem[] {
  const expressions = expressionsOf(value);
  const hasIds = itemId !== undefined || expressions.some(isDeduplicationId);
  return expressions.flatMap((expression) => {
    const { path, text } = expression;
    const source = withDefinitions(expressionSource(text), value.let);
    const message = isDeduplicationId(expression)
      ? (whyUnsigned(signature) ?? whyUnsteady(source, signature) ?? whyConstant(source))
      : hasIds && path.at(-1) === 'items'
        ? whyUnsteady(source, signature)
        : undefined;
    return message === undefined ? [] : [problemAt(path, message)];
  });
}

function isDeduplicationId({ path }: LocatedText): boolean {
  return path.at(-1) === 'deduplication-id' && path.at(-2) !== 'event-params';
}

function whyUnsigned(signature: SignatureScheme): string | undefined {
  const why = uncoveredBody(signature);
  if (why !== undefined) {
    return `is not signed: ${why}. Remove it from the event: the webhook's id counts. That one may be read from such a body, by deduplication-id at the top of the file.`;
  }
  // Which of them an expression reads cannot be told from its text.
  return signature.kind === 'custom' && signature.plugIn === 'adyen-standard'
    ? 'may be unsigned: Adyen signs eight members of an item. Leave it out: the item’s id is made of those.'
    : undefined;
}

/** Why a source of JSONata may give another id for the same fact. */
function whyUnsteady(source: string, signature: SignatureScheme): string | undefined {
  const header = headersIn(source).find((name) => !signedHeaders(signature).includes(name.toLowerCase()));
  if (header !== undefined) {
    return `the header ${header} is not signed: whoever has caught a webhook could send it under another id. Read a member of the body.`;
  }
  return source.includes('$receivedAt')
    ? '$receivedAt differs at every delivery. Read a member of the body.'
    : undefined;
}

function whyConstant(source: string): string | undefined {
  const parsed = parseExpression(`{% ${source} %}`);
  if ('problem' in parsed) return undefined;
  const readsMember = membersRead(parsed.ast).length > 0 || namesRead(parsed.ast).includes('item');
  return readsMember
    ? undefined
    : 'is the same for every webhook, so that all of them would be one event. Read a member of the body.';
}

/** The headers that are signed and stay the same at each attempt, in lower case. */
function signedHeaders(signature: SignatureScheme): readonly string[] {
  if (!('content' in signature)) return [];
  const named = tokensOf(signature.content).flatMap((token) => (token.kind === 'header' ? [token.name] : []));
  return [...named, ...[signature.id?.header ?? []].flat()].map((name) => name.toLowerCase());
}

/** Where some values of a webhook stand, in Markdown. */
export function formatSelectors(selectors: readonly EventTypeSelector[], mark: string): string {
  return selectors.map(formatSelector).join(` ${mark} `);
}

function formatSelector(selector: EventTypeSelector): string {
  if ('constant' in selector) return `always \`${selector.constant}\``;
  if ('header' in selector) return `header \`${selector.header}\``;
  return [selector.body]
    .flat()
    .map((pointer) => `\`${pointer}\``)
    .join(' or ');
}

/** What stays the same when a vendor sends a webhook again, or one of its items: the id by which it is found. In Markdown. */
export function formatIdentity({ signature, deduplicationId, itemId }: Profile): string {
  const ofPlugIn = signature.kind === 'custom' && ID_OF_PLUG_IN[signature.plugIn];
  const webhook =
    ofPlugIn || (deduplicationId.length === 0 ? "the body's hash" : formatSelectors(deduplicationId, ':'));
  if (itemId === undefined) return webhook;
  const items = itemId.map((pointers) => pointers.map((pointer) => `\`${pointer}\``).join(' : '));
  return `of an item: ${items.join(', else ')}; else ${webhook}`;
}

/** Of what is signed, where that is not the body. */
const ID_OF_PLUG_IN = {
  twilio: 'the hash of what is signed',
  mandrill: 'the hash of what is signed',
  mailgun: 'the signed token',
  paypal: 'the signed id of the transmission',
  'adyen-standard': '',
};
