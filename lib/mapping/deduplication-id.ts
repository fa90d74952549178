import { type SignatureScheme, uncoveredBody } from '../../lambdas/ingest/signature/scheme.ts';
import { tokensOf } from '../../lambdas/ingest/signature/signed-content.ts';
import type { Profile } from '../../lambdas/ingest/source.ts';
import { expressionSource, withDefinitions } from '../../lambdas/map/expression.ts';
import type { ConfigFile, Problem } from '../config/file.ts';
import { expressionsOf, headersIn, type LocatedText } from './expressions.ts';
import type { WrittenFile, WrittenMapping } from './schema.ts';
import { type Ast, namesRead, nodesOf, parseExpression } from './syntax-tree.ts';

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

function membersRead(ast: Ast): readonly string[] {
  return nodesOf(ast).flatMap(({ type, value }) => (type === 'name' ? [String(value)] : []));
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
}: WrittenMapping & Pick<ConfigFile<unknown>, 'problemAt'>): readonly Problem[] {
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
