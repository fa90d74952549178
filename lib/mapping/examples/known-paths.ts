import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileValue } from '../../../lambdas/map/expression.ts';
import { isOn } from '../../../lambdas/map/webhook.ts';
import { bodyFormatOf, parseBody } from '../../../lambdas/webhook-body.ts';
import type { MappingFile } from '../file.ts';
import type { ReadPath } from '../syntax-tree.ts';
import type { ExampleRun } from './example.ts';

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
