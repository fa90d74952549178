import { isExpression } from '../../lambdas/map/expression.ts';
import type { WrittenFile } from './mapping-file-schema.ts';

/** A value of a mapping file, literal or expression, and the path where it stands. */
export type LocatedText = {
  readonly path: readonly PropertyKey[];
  readonly text: string;
  /** The place in `events` of the event that it belongs to; missing for what all have in common. */
  readonly event?: number;
};

type Written = Pick<WrittenFile, 'let' | 'defaults' | 'events'>;

/** Every value of a mapping file that map evaluates. */
export function valuesOf({ let: definitions, defaults, events }: Written): readonly LocatedText[] {
  return [
    ...Object.entries(definitions).map(([name, text]) => ({ path: ['let', name], text })),
    ...settingsOf(defaults, ['defaults']),
    ...events.flatMap((event, index) =>
      [
        { path: ['events', index, 'event-key', 'value'], text: event['event-key'].value },
        ...settingsOf(event, ['events', index]),
      ].map((value) => ({ ...value, event: index })),
    ),
  ];
}

/** Those that are expressions. */
export function expressionsOf(written: Written): readonly LocatedText[] {
  return valuesOf(written).filter(({ text }) => isExpression(text));
}

type Settings = {
  readonly [key in 'items' | 'when' | 'event-time']?: string | undefined;
} & { readonly 'event-params'?: Readonly<Record<string, string>> | undefined };

function settingsOf(settings: Settings, at: readonly PropertyKey[]): readonly LocatedText[] {
  const texts = (['items', 'when', 'event-time'] as const).flatMap((key) => {
    const text = settings[key];
    return text === undefined ? [] : [{ path: [...at, key], text }];
  });
  const params = Object.entries(settings['event-params'] ?? {});
  return [...texts, ...params.map(([name, text]) => ({ path: [...at, 'event-params', name], text }))];
}
