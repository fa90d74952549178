import { compileValue } from '../../lambdas/map/expression.ts';
import { isOn } from '../../lambdas/map/webhook.ts';
import { bodyFormatOf, parseBody } from '../../lambdas/webhook-body.ts';
import type { Problem } from '../config-file.ts';
import { nearestName } from '../nearest-name.ts';
import { expressionsOf, type LocatedText } from './expressions-of.ts';
import { parseExpression } from './jsonata-syntax.ts';
import type { MappingFile } from './mapping-file.ts';
import { pathsIn, type ReadPath, readPaths } from './read-paths.ts';
import type { ExampleRun } from './run-example.ts';

/** The paths that there are in the webhooks of an event, and in their items. */
type Known = { readonly [from in ReadPath['from']]: ReadonlySet<string> };

/** Warns of paths that no example has: most are misspelt, and JSONata takes them for missing values. */
export async function checkPaths(
  mapping: MappingFile,
  runs: readonly ExampleRun[],
  published: (eventType: string) => ReadonlySet<string>,
): Promise<readonly Problem[]> {
  const known = await Promise.all(mapping.events.map((event) => knownPaths(mapping, event, runs, published)));
  // What all events have in common may fit any of them.
  const any = { body: union(known.map(({ body }) => body)), item: union(known.map(({ item }) => item)) };
  return expressionsOf(mapping).flatMap((expression) => {
    const paths = expression.event === undefined ? any : known[expression.event];
    return paths === undefined ? [] : checkExpression(mapping, expression, paths);
  });
}

function checkExpression(
  mapping: MappingFile,
  { path, text }: LocatedText,
  known: Known,
): readonly Problem[] {
  const parsed = parseExpression(text);
  if ('problem' in parsed) return [];
  const missing = readPaths(parsed.ast).filter(({ from, names }) => {
    return known[from].size > 0 && !known[from].has(names.join('.'));
  });
  const told = new Set<string>();
  return missing.flatMap(({ from, names }) => {
    const written = names.join('.');
    if (told.has(written)) return [];
    told.add(written);
    const nearest = nearestName(written, [...known[from]]);
    const advice =
      nearest === undefined
        ? 'Check its spelling, or add an example that has it.'
        : `Did you mean ${nearest}?`;
    const message = `no example has ${from === 'item' ? '$item.' : ''}${written}. ${advice}`;
    return [{ ...mapping.problemAt(path, message), severity: 'warning' as const }];
  });
}

async function knownPaths(
  mapping: MappingFile,
  event: MappingFile['events'][number],
  runs: readonly ExampleRun[],
  published: (eventType: string) => ReadonlySet<string>,
): Promise<Known> {
  const typed = runs.flatMap(({ example, preview }) => {
    const eventTypes = 'eventTypes' in preview ? preview.eventTypes : [];
    return isOn(event, eventTypes) ? [{ webhook: example.webhook, eventTypes }] : [];
  });
  const bodies = typed.flatMap(({ webhook: { rawBody, headers } }) => {
    const parsed = parseBody(rawBody, bodyFormatOf(headers.get('content-type')));
    return parsed.ok ? [parsed.value] : [];
  });
  const types = new Set(typed.flatMap(({ eventTypes }) => eventTypes));
  const items = await Promise.all(bodies.map((body) => itemsOf(mapping, event.items, body)));
  return {
    body: union([...bodies.map(pathsIn), ...[...types].map(published)]),
    item: union(items.map(pathsIn)),
  };
}

async function itemsOf(mapping: MappingFile, items: string | undefined, body: unknown): Promise<unknown> {
  if (items === undefined) return undefined;
  const scope = { body, headers: {}, source: mapping.source, receivedAt: '' };
  const found = await compileValue(items, mapping.let)(scope);
  return found.ok ? found.value : undefined;
}

function union(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  return new Set(sets.flatMap((set) => [...set]));
}
