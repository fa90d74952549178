import { expressionSource } from './expression-text.ts';

/** Expressions of the file that have a name, by that name. */
export type Definitions = Readonly<Record<string, string>>;

/** Puts the definitions that an expression names, and those that these name, before it. */
export function withDefinitions(source: string, definitions: Definitions): string {
  const used = new Map<string, string>();
  const collect = (text: string) => {
    for (const [, name = ''] of text.matchAll(/\$([A-Za-z_][A-Za-z0-9_]*)/g)) {
      const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
      if (definition === undefined || used.has(name)) continue;
      const inner = expressionSource(definition);
      used.set(name, inner);
      collect(inner);
    }
  };
  collect(source);
  if (used.size === 0) return source;
  // In the file's order, so that one may name those before it.
  const bound = Object.keys(definitions).flatMap((name) =>
    used.has(name) ? [`$${name} := (${used.get(name)})`] : [],
  );
  return `(${[...bound, source].join('; ')})`;
}
