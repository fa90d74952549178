import type { Mapping } from '../../lambdas/map/mapping.ts';

const NAMED = /\$headers\.(?:`([^`]+)`|"([^"]+)"|'([^']+)'|([A-Za-z_][A-Za-z0-9_]*))/g;

/** The headers that a mapping reads, by the names it gives them: these alone travel with a webhook. */
export function mappedHeaders(mapping: Mapping): readonly string[] {
  return [...new Set(evaluatedTexts(mapping).flatMap(headersIn))];
}

/** The headers that one expression reads. */
export function headersIn(expression: string): readonly string[] {
  return [...expression.matchAll(NAMED)].flatMap(
    (match) => match.slice(1).find((name) => name !== undefined) ?? [],
  );
}

/** Whether an expression uses `$headers` in another way than by the name of one. */
export function readsUnnamedHeaders(expression: string): boolean {
  return expression.replaceAll(NAMED, '').includes('$headers');
}

function evaluatedTexts({ let: definitions, events }: Mapping): readonly string[] {
  return [
    ...Object.values(definitions),
    ...events.flatMap((event) => [
      event.items ?? '',
      event.when ?? '',
      event['event-time'] ?? '',
      event['event-key'].value,
      ...Object.values(event['event-params']),
    ]),
  ];
}
