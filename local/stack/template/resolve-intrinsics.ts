/** What the references of a template stand for. */
export type KnownValues = {
  /** `Ref` by logical id or pseudo parameter. */
  readonly refs: ReadonlyMap<string, string>;
  /** `Fn::GetAtt` by `LogicalId.Attribute`. */
  readonly attributes: ReadonlyMap<string, string>;
};

/**
 * Replaces the intrinsic functions in a part of a template by what they stand for. What cannot be resolved is added to
 * `problems`, with `where` before it.
 */
export function resolveIntrinsics(
  value: unknown,
  known: KnownValues,
  where: string,
  problems: string[],
): unknown {
  const resolve = (part: unknown) => resolveIntrinsics(part, known, where, problems);
  if (Array.isArray(value)) return value.map(resolve);
  if (typeof value !== 'object' || value === null) return value;

  const [[name, argument] = ['', undefined], ...more] = Object.entries(value);
  if (more.length > 0 || !(name === 'Ref' || name.startsWith('Fn::'))) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, resolve(part)]));
  }
  const resolved = call(name, resolve(argument), known);
  if (resolved === undefined) problems.push(`${where}: cannot resolve ${JSON.stringify(value)}.`);
  return resolved ?? '';
}

function call(name: string, argument: unknown, { refs, attributes }: KnownValues): string | undefined {
  switch (name) {
    case 'Ref':
      return refs.get(String(argument));
    case 'Fn::GetAtt':
      return Array.isArray(argument) ? attributes.get(argument.join('.')) : attributes.get(String(argument));
    case 'Fn::Join':
      return join(argument);
    case 'Fn::Sub':
      return typeof argument === 'string' ? substitute(argument, { refs, attributes }) : undefined;
    default:
      return undefined;
  }
}

function join(argument: unknown): string | undefined {
  if (!Array.isArray(argument)) return undefined;
  const [separator, parts]: readonly unknown[] = argument;
  return Array.isArray(parts) ? parts.join(String(separator)) : undefined;
}

function substitute(text: string, { refs, attributes }: KnownValues): string | undefined {
  let isKnown = true;
  const substituted = text.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
    const value = refs.get(name) ?? attributes.get(name);
    isKnown &&= value !== undefined;
    return value ?? '';
  });
  return isKnown ? substituted : undefined;
}
