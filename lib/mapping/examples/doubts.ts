import { findCandidates, findHandshake } from '../../../lambdas/ingest/handshake.ts';
import { expressionSource, withDefinitions } from '../../../lambdas/map/expression.ts';
import { matchesEventType } from '../../../lambdas/webhook-body.ts';
import { nearestName, type Problem } from '../../config/file.ts';
import {
  callsIn,
  expressionsOf,
  isNode,
  type LocatedText,
  literalsOf,
  membersRead,
  type Node,
  nodesOf,
  parseExpression,
} from '../expressions.ts';
import type { MappingFile } from '../file.ts';
import { type Known, type KnownPaths, type ReadPath, readPaths } from './coverage.ts';
import type { Example } from './example.ts';

/** Finds what is most likely meant otherwise, by the webhooks of the examples; each is a warning. */
export function findDoubts(mapping: MappingFile, known: KnownPaths): readonly Problem[] {
  const ids = mapping.events.flatMap(({ definition, 'event-id': id = {} }, event) =>
    (definition !== undefined ? [] : typeof id === 'string' ? [id] : Object.values(id)).map((text) => ({
      path: ['events', event, 'event-id'],
      text,
      event,
    })),
  );
  const literals = [...literalsOf(mapping), ...expressionsOf(mapping).flatMap(textsIn)].flatMap((literal) =>
    doubt(mapping, literal, doubtLiteral(literal, mapping, known.of(literal.event))),
  );
  return [
    ...literals,
    ...ids.flatMap((id) =>
      doubt(mapping, id, TEMPLATE.test(id.text) ? [`is sent as it stands: ${id.text}. Write the id.`] : []),
    ),
    ...expressionsOf(mapping).flatMap((expression) =>
      doubt(mapping, expression, doubtNulls(expression, known.of(expression.event))),
    ),
  ];
}

/** The texts of an expression that a customer would read: a whole expression, and what is joined. */
function textsIn(expression: LocatedText): readonly LocatedText[] {
  const parsed = parseExpression(expression.text);
  if ('problem' in parsed) return [];
  const joined = nodesOf(parsed.ast).flatMap(({ type, value, lhs, rhs }) =>
    type === 'binary' && value === '&' ? [lhs, rhs] : [],
  );
  const isTemplate = ({ value }: Node) => TEMPLATE.test(String(value));
  const texts = joined.filter(isNode).filter(isTemplate);
  const whole: unknown = parsed.ast;
  return [...(isNode(whole) ? [whole] : []), ...texts].flatMap(({ type, value }) =>
    type === 'string' ? [{ ...expression, text: String(value) }] : [],
  );
}

function doubt(mapping: MappingFile, { path }: LocatedText, messages: readonly string[]): readonly Problem[] {
  return messages.map((message) => ({ ...mapping.problemAt(path, message), severity: 'warning' as const }));
}

/** How other tools write a value within a text: `{{ name }}`, `${name}`, `#{name}`, `%{name}`, `<%= name %>`. */
const TEMPLATE = /\{\{\s*([^{}]+?)\s*\}\}|[$#%]\{\s*([^{}]+?)\s*\}|<%=?\s*([^%]+?)\s*%>/;
/** A name in single braces, as the whole text. */
const BRACES = /^\{\s*([\w.[\]]+)\s*\}$/;

/** Warns of a literal that is probably the name of a value: the customer would read that name. */
function doubtLiteral(
  { path, text }: LocatedText,
  { let: definitions }: MappingFile,
  known: Known,
): readonly string[] {
  const paths = [...known.body.all];
  const expression =
    templateExpression(text, paths) ??
    variableExpression(text, Object.keys(definitions)) ??
    pathExpression(text, paths, path.includes('event-key'));
  if (expression === undefined) return [];
  return [`is sent as it stands: ${JSON.stringify(text)}. Did you mean "{% ${expression} %}"?`];
}

/** `Hello {{ name }}!` as `'Hello ' & name & '!'`. */
function templateExpression(text: string, paths: readonly string[]): string | undefined {
  const braced = BRACES.exec(text)?.[1];
  if (braced !== undefined && paths.includes(braced)) return braced;
  if (!TEMPLATE.test(text)) return undefined;
  const parts = text.split(new RegExp(TEMPLATE, 'g'));
  // A split has the groups of the pattern between the pieces of the text: one of the three is there.
  const pieces = parts.flatMap((part, index) => {
    if (part === undefined || part === '') return [];
    return [index % 4 === 0 ? `'${part.replaceAll("'", '’')}'` : nameIn(part, paths)];
  });
  return pieces.join(' & ');
}

/** The path that a name of another tool stands for (`$.data.id`, `body.data.id`), as near as can be told. */
function nameIn(written: string, paths: readonly string[]): string {
  const name = written.replace(/^\$+\.?/, '');
  const last = paths.find((path) => path.endsWith(`.${name}`) || name.endsWith(`.${path}`));
  return paths.includes(name) ? name : (last ?? nearestName(name, paths) ?? name);
}

/** `$item.id`, `$receivedAt`, `$uppercase(name)`, without the delimiters of an expression. */
function variableExpression(text: string, definitions: readonly string[]): string | undefined {
  const known = ['item', 'headers', 'source', 'receivedAt', ...definitions];
  const [, name = '', call] = /^\$([A-Za-z]\w*)(\(.*\))?/.exec(text) ?? [];
  return known.includes(name) || call !== undefined ? text : undefined;
}

/** Members in which vendors wrap what a webhook is about. */
const WRAPPER = /^(?:data|object|payload|body|event|resource)\./;

/** A path of the webhook; a single name only where it looks like no word, or as a key, which nobody writes out. */
function pathExpression(text: string, paths: readonly string[], isKey: boolean): string | undefined {
  if (!/^(?:\$\$?\.)?[A-Za-z_]\w*(?:\[-?\d+\])?(?:\.[A-Za-z_]\w*(?:\[-?\d+\])?)*$/.test(text))
    return undefined;
  const path = text.replace(/^\$\$?\./, '');
  const plain = path.replaceAll(/\[-?\d+\]/g, '');
  if (path !== text) return nameIn(path, paths);
  const isNoWord = /[._[]|[a-z][A-Z]/.test(path);
  const isPath = paths.includes(plain) && (isNoWord || isKey);
  return isPath || (paths.length === 0 && WRAPPER.test(path)) ? path : undefined;
}

/** What takes null for something that is there, as JSONata has it, and what does not. */
const TAKES_NULL: Readonly<Record<string, string>> = {
  exists: '$exists(…) is true of null. Write: … ? true : false',
  count: '$count(…) counts null as one. Write: $count(…[$ != null])',
  coalesce: '"a ?? b" is null where a is null. Write: a ?: b',
  join: '"&" writes it as the text "null". Write: (… ?: \'\')',
};

/** Warns where null comes, in an example or by a published schema, and would be taken for a value. */
function doubtNulls({ text }: LocatedText, known: Known): readonly string[] {
  const parsed = parseExpression(text);
  // Who asks for null knows of it.
  if ('problem' in parsed || /\bnull\b|\$type\(/.test(text)) return [];
  const calls = callsIn(parsed.ast).map(({ name, given: [value], position }) => {
    // JSONata makes `$exists` of `??`, without a place in the text.
    return { value, advice: TAKES_NULL[name === 'exists' && position === undefined ? 'coalesce' : name] };
  });
  const joined = nodesOf(parsed.ast)
    .filter(({ type, value }) => type === 'binary' && value === '&')
    .flatMap(({ lhs, rhs }) => [lhs, rhs].map((value) => ({ value, advice: TAKES_NULL.join })));
  const found = [...calls, ...joined].flatMap(({ value, advice }) => {
    const path = plainPath(value);
    const written = path?.names.join('.') ?? '';
    if (advice === undefined || path === undefined || !known[path.from].nulls.has(written)) return [];
    return [`${path.from === 'item' ? '$item.' : ''}${written} may be null, and ${advice}`];
  });
  return [...new Set(found)];
}

/** A path of names alone: what a filter leaves is not null. */
function plainPath(value: unknown): ReadPath | undefined {
  if (!isNode(value) || !Array.isArray(value.steps) || value.steps.some(({ stages }) => stages))
    return undefined;
  return readPaths(value).at(-1);
}

/** Words in an event type that say that the fact can happen to one object again. */
const REPEATABLE = new Set(
  'update updates updated change changes changed edited modified moved renamed renewed reopened retried failed opened clicked viewed'.split(
    ' ',
  ),
);

/** Last words of members that tell one time from another, and of those that tell one type from another. */
const TELLS_TIMES = new Set('at time date timestamp ts version revision sequence'.split(' '));
const TELLS_TYPES = new Set('type event topic action status state'.split(' '));

/**
 * Warns of a `deduplication-id` that seems to name an object, at an event whose facts happen to an object more than once: all
 * but the first would be passed over as repeats.
 */
export function warnOfRepeatedFacts({
  events,
  defaults,
  let: definitions,
  problemAt,
}: Pick<MappingFile, 'events' | 'defaults' | 'let' | 'problemAt'>): readonly Problem[] {
  return events.flatMap(({ on, 'deduplication-id': own }, index) => {
    const id = own ?? defaults['deduplication-id'];
    const why = id === undefined ? undefined : whyRepeated(on, id, definitions);
    const path = ['events', index, own === undefined ? 'on' : 'deduplication-id'];
    return why === undefined ? [] : [{ ...problemAt(path, why), severity: 'warning' as const }];
  });
}

function whyRepeated(
  on: readonly string[],
  id: string,
  definitions: Readonly<Record<string, string>>,
): string | undefined {
  const parsed = parseExpression(`{% ${withDefinitions(expressionSource(id), definitions)} %}`);
  if ('problem' in parsed) return undefined;
  const members = membersRead(parsed.ast).map(wordsOf);
  const tells = (words: ReadonlySet<string>) => members.some((member) => words.has(member.at(-1) ?? ''));
  const isOfEvent = members.some((member) => member.includes('event') && member.at(-1) === 'id');
  if (tells(TELLS_TIMES) || isOfEvent) return undefined;
  const repeated = on.find((type) => wordsOf(type).some((word) => REPEATABLE.has(word)));
  if (repeated !== undefined) {
    return `"${repeated}" can happen to one object again, which this id does not tell: only the first would be sent. Add a time or version to the id, or leave it out.`;
  }
  const isOfSeveral = on.length > 1 || on.some((type) => type.includes('*'));
  return isOfSeveral && !tells(TELLS_TYPES)
    ? 'several types may be of one object, which this id does not tell apart: only the first would be sent. Give each type its own event, or add the type or a time to the id.'
    : undefined;
}

/** The words of a name, in lower case: `contact.propertyChange` has three. */
function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
}

/**
 * Warns of a handshake for strangers that a real event could meet: it is looked for before any signature, so that such an event is
 * answered 200 and lost. Warns, too, of one that the vendor most likely signs.
 * @param examples webhooks that the mapping makes events of
 */
export function warnOfOpenHandshakes(
  mapping: MappingFile,
  examples: readonly Pick<Example, 'name' | 'webhook'>[],
): readonly Problem[] {
  return mapping.profile.handshakes.flatMap((handshake, index) => {
    if (handshake.authenticate !== 'none' || handshake.match.method !== 'POST') return [];
    const found = explainOpen(handshake, mapping, examples);
    if (found === undefined) return [];
    const [key, message] = found;
    return [{ ...mapping.problemAt(['handshakes', index, key], message), severity: 'warning' as const }];
  });
}

type Handshake = MappingFile['profile']['handshakes'][number];
type Selector = MappingFile['profile']['eventType'][number];

/** Which key of an open handshake is to be warned of, and why. */
function explainOpen(
  handshake: Handshake,
  mapping: MappingFile,
  examples: readonly Pick<Example, 'name' | 'webhook'>[],
): readonly [key: string, message: string] | undefined {
  const met = examples.find((example) => isMet(handshake, example));
  if (met !== undefined) return ['match', formatMet(`the example ${met.name}`)];
  if (!tellsApart(handshake, mapping)) return ['match', formatMet('a real event')];
  return isSignedMostly(handshake, mapping) ? ['authenticate', SIGNED_MOSTLY] : undefined;
}

function formatMet(who: string): string {
  return (
    `is met by ${who}, which would be answered as a test and lost. ` +
    'Name what only the test request has, or say authenticate: signature.'
  );
}

const SIGNED_MOSTLY =
  'lets anybody have the answer. A test that is told by a fixed value is a webhook of its own type, which vendors sign as all others: ' +
  'say authenticate: signature, unless the vendor says that it is not signed.';

/**
 * Whether a handshake is told by a fixed value. All such POSTs of the profiles and recipes are signed (GitHub, Slack, Zoom, Discord, Twitch,
 * Front); those that are told by a member with any value are not.
 */
function isSignedMostly(
  { match: { headers = {}, body = {} } }: Handshake,
  { profile: { signature } }: Pick<MappingFile, 'profile'>,
): boolean {
  if (signature.kind === 'sharedSecret') return false;
  return [...Object.entries(headers), ...Object.entries(body)].some(
    ([place, value]) => value !== '*' && !GENERAL.includes(place),
  );
}

function isMet(handshake: Handshake, { webhook }: Pick<Example, 'webhook'>): boolean {
  const { headers, rawBody } = webhook;
  const request = { requestId: '', source: '', method: 'POST', query: '', headers, rawBody };
  return findHandshake(findCandidates([handshake], request), request, true) !== undefined;
}

/** Headers that webhooks of any kind have. */
const GENERAL = ['content-type', 'content-length', 'user-agent', 'accept', 'accept-encoding', 'host'];

/** Whether a match asks for something that no event of the mapping has to have. */
function tellsApart(
  { match: { query = {}, headers = {}, body = {} } }: Handshake,
  { profile: { eventType, deduplicationId }, events }: Pick<MappingFile, 'profile' | 'events'>,
): boolean {
  const placesOf = (selectors: readonly Selector[]) => selectors.flatMap(placesIn);
  const types = placesOf(eventType);
  const ids = placesOf(deduplicationId);
  const isOwn = ([place, value]: readonly [string, string]) => {
    if (types.includes(place)) {
      return (
        value !== '*' && !events.some(({ on }) => on.some((pattern) => matchesEventType(pattern, value)))
      );
    }
    return !ids.includes(place) && !GENERAL.includes(place);
  };
  return Object.keys(query).length > 0 || [...Object.entries(headers), ...Object.entries(body)].some(isOwn);
}

function placesIn(selector: Selector): readonly string[] {
  if ('constant' in selector) return [];
  return 'header' in selector ? [selector.header] : [selector.body].flat();
}
