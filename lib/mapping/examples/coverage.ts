import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileValue, isExpression } from '../../../lambdas/map/expression.ts';
import { isOn } from '../../../lambdas/map/webhook.ts';
import { bodyFormatOf, parseBody } from '../../../lambdas/webhook-body.ts';
import { nearestName, type Problem } from '../../config/file.ts';
import { definitionOf, mandatoryOf, placeInContract } from '../contract.ts';
import {
  expressionsOf,
  isNode,
  type LocatedText,
  type Node,
  namesRead,
  parseExpression,
} from '../expressions.ts';
import type { MappingFile } from '../file.ts';
import { type Example, type ExampleRun, mappedBy, runExample, setMembers } from './example.ts';

/** Finds what no example of a mapping has: events that none becomes, and paths that none has. */
export function checkCoverage(
  mapping: MappingFile,
  runs: readonly ExampleRun[],
  known: KnownPaths,
): readonly Problem[] {
  return [...checkEvents(mapping, runs), ...checkPaths(mapping, known)];
}

/** Events that no example ever becomes, so that no webhook would: a mistake in the mapping, or a missing example. */
function checkEvents(mapping: MappingFile, runs: readonly ExampleRun[]): readonly Problem[] {
  return mapping.events.flatMap((event, index) => {
    const at = ['events', index];
    const mapped = runs.flatMap((run) => mappedBy(run, event.name));
    const tried = mapped.filter(({ kind }) => kind !== 'skipped');
    if (tried.length === 0) {
      const why = mapped.length === 0 ? 'no example is of its type' : 'every example of its type is skipped';
      const message = `${why}, so that nothing is known of it. Add one to the folder "examples".`;
      return [{ ...mapping.problemAt([...at, 'name'], message), severity: 'warning' as const }];
    }
    if (tried.some(({ kind }) => kind === 'event')) return [];
    // Every example ends in a rejection; the first says where.
    const failures = tried.flatMap((one) => (one.kind === 'rejected' ? [one.failure] : []));
    return [...new Set(failures.map(({ code }) => code))].flatMap((code) => {
      const path = failures.flatMap((failure) =>
        failure.code === code && 'path' in failure ? [failure.path] : [],
      );
      const [where = 'name'] = path;
      const message = `no example ever gives a value that can be sent (${code}). Mend the expression, or add an example.`;
      return [mapping.problemAt([...at, ...partsOf(where)], message)];
    });
  });
}

/** A parameter's name may have dots in it. */
function partsOf(path: string): readonly string[] {
  const parameter = /^event-params\.(.*)$/s.exec(path)?.[1];
  return parameter === undefined ? [path] : ['event-params', parameter];
}

/** Warns of paths that no example has: most are misspelt, and JSONata takes them for missing values. */
function checkPaths(mapping: MappingFile, known: KnownPaths): readonly Problem[] {
  return expressionsOf(mapping).flatMap((expression) =>
    findMissing(mapping, expression, known.of(expression.event)),
  );
}

function findMissing(mapping: MappingFile, { path, text }: LocatedText, known: Known): readonly Problem[] {
  const parsed = parseExpression(text);
  if ('problem' in parsed) return [];
  const missing = readPaths(parsed.ast).filter(({ from, names }) => {
    return known[from].all.size > 0 && !known[from].all.has(names.join('.'));
  });
  const reported = new Set<string>();
  return missing.flatMap(({ from, names }) => {
    const written = names.join('.');
    if (reported.has(written)) return [];
    reported.add(written);
    const nearest = nearestName(written, [...known[from].all]);
    const advice =
      nearest === undefined
        ? 'Check its spelling, or add an example that has it.'
        : `Did you mean ${nearest}?`;
    const message = `no example has ${from === 'item' ? '$item.' : ''}${written}. ${advice}`;
    return [{ ...mapping.problemAt(path, message), severity: 'warning' as const }];
  });
}

/**
 * Finds events that may be sent without a mandatory parameter: an example shows it, as it is or with a member set to null
 * or left out. What the mapping calls `required` is a dead letter instead, and no call.
 * @param stage the stage that examples run for
 */
export async function checkMandatory(
  mapping: MappingFile,
  runs: readonly ExampleRun[],
  stage: string,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const [index, event] of mapping.events.entries()) {
    for (const { name, text } of uncertainOf(mapping, event)) {
      const when = await findSentWithout({ mapping, event: event.name, parameter: name, text, stage }, runs);
      if (when === undefined) continue;
      const path = Object.hasOwn(event['event-params'], name) ? ['events', index] : ['defaults'];
      const message = explainMissing(mapping, event, { name, when });
      problems.push(mapping.problemAt([...path, 'event-params', name], message));
    }
  }
  return problems;
}

type Event = MappingFile['events'][number];

/** The mandatory parameters of an event that are expressions, and not required. */
function uncertainOf({ contract, defaults }: MappingFile, event: Event) {
  const definition = definitionOf(event, contract);
  const values = { ...defaults['event-params'], ...event['event-params'] };
  return (definition === undefined ? [] : mandatoryOf(definition)).flatMap((name) => {
    const { [name]: text = '' } = values;
    return isExpression(text) && !event.required.includes(name) ? [{ name, text }] : [];
  });
}

function explainMissing(
  { contract }: MappingFile,
  { definition = '' }: Event,
  { name, when }: { readonly name: string; readonly when: string },
): string {
  const place = contract && placeInContract(contract, [definition, 'parameters', name]);
  return (
    `may be missing (${when}), and is mandatory in "${definition}" (${place}): Webex Campaign would refuse the event (1002). ` +
    `Add "${name}" to "required", or write a value for that case: "{% … ?: 'text' %}".`
  );
}

/** A parameter of an event, whose expression may give nothing. */
type Uncertain = {
  readonly mapping: MappingFile;
  readonly event: string;
  readonly parameter: string;
  readonly text: string;
  readonly stage: string;
};

/** In which example an event is sent without a parameter, in words. */
async function findSentWithout(
  uncertain: Uncertain,
  runs: readonly ExampleRun[],
): Promise<string | undefined> {
  const plain = runs.find((run) => isSentWithout(uncertain, run));
  if (plain !== undefined) return `the example ${plain.example.name} is sent without it`;
  const paths = pathsReadBy(uncertain.text, uncertain.mapping.let);
  for (const { example } of runs.filter((run) => mappedBy(run, uncertain.event).length > 0)) {
    const found = await findMember(uncertain, example, paths);
    if (found !== undefined) return `as in the example ${example.name} ${found}`;
  }
  return undefined;
}

/** Without which member of an example's body, of those that an expression reads, the event is sent without a parameter. */
async function findMember(
  uncertain: Uncertain,
  example: Example,
  paths: readonly ReadPath[],
): Promise<string | undefined> {
  const body = Buffer.from(example.webhook.rawBody).toString('utf8');
  for (const pointer of pointersRead(example.webhook.rawBody, paths)) {
    for (const value of [null, undefined]) {
      const rawBody = Buffer.from(setMembers(body, { [pointer]: value }));
      const changed = { ...example, webhook: { ...example.webhook, rawBody } };
      if (isSentWithout(uncertain, await runExample(uncertain.mapping, changed, uncertain.stage)))
        return `if ${pointer} is ${value === null ? 'null' : 'left out'}`;
    }
  }
  return undefined;
}

function isSentWithout({ event, parameter }: Uncertain, run: ExampleRun): boolean {
  return mappedBy(run, event).some(
    (one) => one.kind === 'event' && one.event.params[parameter] === undefined,
  );
}

/** The paths that an expression reads, those of the definitions under `let` that it uses included. */
function pathsReadBy(text: string, definitions: Readonly<Record<string, string>>): readonly ReadPath[] {
  const parsed = parseExpression(text);
  if ('problem' in parsed) return [];
  const used = namesRead(parsed.ast).flatMap((name) =>
    Object.hasOwn(definitions, name) ? [definitions[name] ?? ''] : [],
  );
  return [...readPaths(parsed.ast), ...used.flatMap((one) => pathsReadBy(one, definitions))];
}

/** The JSON pointers of the members that an expression reads; none where the body is no JSON. */
function pointersRead(rawBody: Uint8Array, paths: readonly ReadPath[]): readonly string[] {
  const body = parseBody(rawBody, 'json');
  return body.ok ? pointersIn(body.value).filter((pointer) => isRead(pointer, paths)) : [];
}

/** The JSON pointer of every member of a value. */
function pointersIn(value: unknown, at = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const pointer = `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return [...(Array.isArray(value) ? [] : [pointer]), ...pointersIn(member, pointer)];
  });
}

/** Whether a member is one that an expression reads, or is around one; places in lists do not count. */
function isRead(pointer: string, paths: readonly ReadPath[]): boolean {
  const member = `${pointer
    .slice(1)
    .split('/')
    .filter((part) => !/^\d+$/.test(part))
    .join('.')}.`;
  return paths.some(({ from, names }) => {
    const path = `${names.join('.')}.`;
    return path.startsWith(member) || (from === 'item' && member.endsWith(`.${path}`));
  });
}

/** The paths that webhooks have, and at which of them there may be null. */
type Paths = { readonly all: ReadonlySet<string>; readonly nulls: ReadonlySet<string> };

/** The paths that there are in the webhooks of an event, and in their items. */
export type Known = { readonly [from in ReadPath['from']]: Paths };

/** What is known of each event of a mapping, and of any of them. */
export type KnownPaths = { readonly of: (event: number | undefined) => Known };

/** Collects the paths of all events: what all have in common may fit any of them. */
export async function collectPaths(mapping: MappingFile, runs: readonly ExampleRun[]): Promise<KnownPaths> {
  const known = await Promise.all(mapping.events.map((event) => knownPaths(mapping, event, runs)));
  const any = { body: union(known.map(({ body }) => body)), item: union(known.map(({ item }) => item)) };
  return { of: (event) => (event === undefined ? any : (known[event] ?? any)) };
}

async function knownPaths(
  mapping: MappingFile,
  event: MappingFile['events'][number],
  runs: readonly ExampleRun[],
): Promise<Known> {
  const typed = runs.flatMap(({ example, preview }) => {
    const eventTypes = 'eventTypes' in preview ? preview.eventTypes : [];
    return isOn(event, eventTypes) ? [{ webhook: example.webhook, eventTypes }] : [];
  });
  const bodies = typed.flatMap(({ webhook: { rawBody, headers } }) => {
    const { form } = mapping.profile;
    const parsed = parseBody(rawBody, bodyFormatOf(headers.get('content-type'), rawBody, form), { form });
    return parsed.ok ? [parsed.value] : [];
  });
  const types = new Set(typed.flatMap(({ eventTypes }) => eventTypes));
  const items = await Promise.all(bodies.map((body) => itemsOf(mapping, event.items, body)));
  return {
    body: union([...bodies.map(pathsIn), ...[...types].map((type) => publishedPaths(mapping.source, type))]),
    item: union(items.map(pathsIn)),
  };
}

async function itemsOf(mapping: MappingFile, items: string | undefined, body: unknown): Promise<unknown> {
  if (items === undefined) return undefined;
  const scope = { body, headers: {}, source: mapping.source, receivedAt: '' };
  const found = await compileValue(items, mapping.let)(scope);
  return found.ok ? found.value : undefined;
}

function union(sets: readonly Paths[]): Paths {
  return {
    all: new Set(sets.flatMap(({ all }) => [...all])),
    nulls: new Set(sets.flatMap(({ nulls }) => [...nulls])),
  };
}

type PathOf = { readonly path: string; readonly isNull: boolean };

function pathsOf(found: readonly PathOf[]): Paths {
  return {
    all: new Set(found.map(({ path }) => path)),
    nulls: new Set(found.flatMap(({ path, isNull }) => (isNull ? [path] : []))),
  };
}

/** Every path of member names in a value, lists on the way left out, as `a.b.c`. */
function pathsIn(value: unknown): Paths {
  return pathsOf(memberPaths(value, ''));
}

function memberPaths(value: unknown, path: string): readonly PathOf[] {
  if (Array.isArray(value)) return value.flatMap((item) => memberPaths(item, path));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const inner = path === '' ? name : `${path}.${name}`;
    return [{ path: inner, isNull: member === null }, ...memberPaths(member, inner)];
  });
}

/** The folder beside this file in which the package has what it needs of `shopify-webhook-schemas`. */
export const BUILT_SCHEMAS = 'shopify-schemas';

const NONE = pathsOf([]);

/**
 * The paths that a vendor's webhooks of a type can have, by a schema that somebody publishes: Shopify's, inferred from
 * its documentation by the npm package `shopify-webhook-schemas`. Stripe's package has types but no schema.
 */
function publishedPaths(source: string, eventType: string): Paths {
  if (source !== 'shopify' || !/^[a-z_]+\/[a-z_]+$/.test(eventType)) return NONE;
  const built = fileURLToPath(new URL(BUILT_SCHEMAS, import.meta.url));
  const directory = existsSync(built) ? built : newestShopifySchemas();
  const file = directory === undefined ? '' : join(directory, `${eventType}.json`);
  return existsSync(file) ? pathsOf(pathsBelow(JSON.parse(readFileSync(file, 'utf8')), '')) : NONE;
}

/** The newest version that is there. The package itself reads all of them into memory, and is not asked for that. */
export function newestShopifySchemas(): string | undefined {
  const require = createRequire(import.meta.url);
  const root = join(dirname(require.resolve('shopify-webhook-schemas/package.json')), 'schemas');
  const newest = readdirSync(root)
    .filter((version) => /^\d{4}-\d{2}$/.test(version))
    .sort()
    .at(-1);
  return newest === undefined ? undefined : join(root, newest);
}

/** Every path of member names that a JSON Schema knows, lists on the way left out. */
function pathsBelow(schema: unknown, path: string): readonly PathOf[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties = {}, items, anyOf = [], oneOf = [] } = schema as Readonly<Record<string, object>>;
  const variants = [items, anyOf, oneOf].flat().flatMap((inner) => pathsBelow(inner, path));
  const members = Object.entries(properties).flatMap(([name, member]) => {
    const inner = path === '' ? name : `${path}.${name}`;
    return [{ path: inner, isNull: mayBeNull(member) }, ...pathsBelow(member, inner)];
  });
  return [...variants, ...members];
}

function mayBeNull({ type }: { readonly type?: string | readonly string[] }): boolean {
  return [type].flat().includes('null');
}

/** A path that an expression reads: member names, lists on the way left out. */
export type ReadPath = { readonly from: 'body' | 'item'; readonly names: readonly string[] };

/** Where the walk stands in the data; `undefined` where only running the expression would show it. */
type Context = ReadPath | undefined;

/** Every path of member names that an expression reads, as far as its text alone shows. */
export function readPaths(ast: unknown): readonly ReadPath[] {
  return walk(ast, { from: 'body', names: [] });
}

function walk(value: unknown, context: Context): readonly ReadPath[] {
  if (Array.isArray(value)) return value.flatMap((one) => walk(one, context));
  if (typeof value !== 'object' || value === null || value instanceof RegExp) return [];
  if (isNode(value) && value.type === 'path') return walkPath(value, context);
  return Object.values(value).flatMap((child) => walk(child, context));
}

/** Where the walk of a path stands after a step, and what was read on the way. */
type Walked = { readonly at: Context; readonly found: readonly ReadPath[] };

function walkPath({ steps, group }: Node, context: Context): readonly ReadPath[] {
  const nodes = Array.isArray(steps) ? steps.filter(isNode) : [];
  const walked = nodes.reduce<Walked>(
    ({ at, found }, step, index) => {
      const next = index === 0 && step.type === 'variable' ? startAt(step, context) : walkStep(step, at);
      return { at: next.at, found: [...found, ...next.found] };
    },
    { at: context, found: [] },
  );
  const readsMember = nodes.some(({ type }) => type === 'name');
  const end = walked.at !== undefined && readsMember ? [walked.at] : [];
  return [...walked.found, ...end, ...walk(group, walked.at)];
}

function walkStep(step: Node, at: Context): Walked {
  if (step.type === 'name') {
    const next = at && { ...at, names: [...at.names, String(step.value)] };
    return { at: next, found: walk([step.stages, step.predicate], next) };
  }
  const found = walk(step, at);
  if (step.type === 'sort') return { at, found };
  // What another step leads to is known only when it runs; what was read up to here is.
  return { at: undefined, found: at !== undefined && at.names.length > 0 ? [at, ...found] : found };
}

function startAt({ value }: Node, context: Context): Walked {
  return { at: startOf(String(value), context), found: [] };
}

function startOf(variable: string, context: Context): Context {
  if (variable === '') return context;
  if (variable === '$') return { from: 'body', names: [] };
  return variable === 'item' ? { from: 'item', names: [] } : undefined;
}
