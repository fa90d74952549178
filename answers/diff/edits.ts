import type { EventMapping, Mapping } from '../../lambdas/map/mapping.ts';

/** Something that stands otherwise in the mapping: `when`, `event-params.amount`, `let.amount`. */
export type Edit = {
  readonly path: string;
  readonly before?: string;
  readonly after?: string;
  /** In which stages. */
  readonly stages: readonly string[];
};

/** What has a name, and may have had others. */
type Named = { readonly name: string; readonly formerly?: readonly string[] | undefined };

/** What stands for the same thing on both sides, or on one of them alone. */
export type SidePair<One> = { readonly before?: One; readonly after?: One };

/**
 * Pairs what has the same name, or says that it had it; in the order of `after`, with what is gone at the end.
 * @param isRenamed finds what was most likely renamed without a word of it
 */
export function pairByName<One>(
  before: readonly One[],
  after: readonly One[],
  nameOf: (one: One) => Named,
  isRenamed: (before: One, after: One) => boolean = () => false,
): readonly SidePair<One>[] {
  const rest = [...before];
  const takeBy = (fits: (one: One) => boolean) => {
    const place = rest.findIndex(fits);
    return place < 0 ? undefined : rest.splice(place, 1)[0];
  };
  const byName = after.map((one) => {
    const { name, formerly = [] } = nameOf(one);
    const same = takeBy((other) => nameOf(other).name === name);
    return { after: one, before: same ?? takeBy((other) => formerly.includes(nameOf(other).name)) };
  });
  const pairs = byName.map(({ after: one, before: known }) => {
    const found = known ?? takeBy((other) => isRenamed(other, one));
    return found === undefined ? { after: one } : { before: found, after: one };
  });
  return [...pairs, ...rest.map((one) => ({ before: one }))];
}

/** Whether an event was most likely renamed: the same event definition is asked for on one of the same types. */
export function isRenamed(before: EventMapping, after: EventMapping): boolean {
  return before['event-id'] === after['event-id'] && before.on.some((type) => after.on.includes(type));
}

/** What stands otherwise in the mapping of one event, beside its name. */
export function editsOf(
  before: { readonly event: EventMapping; readonly definitions: Mapping['let'] },
  after: { readonly event: EventMapping; readonly definitions: Mapping['let'] },
  stages: readonly string[],
): readonly Edit[] {
  const [was, is] = [before, after].map(
    ({ event, definitions }) => new Map([...textsOf(event), ...usedDefinitions(event, definitions)]),
  );
  const paths = [...new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])];
  return paths.flatMap((path) => {
    const [one, other] = [was?.get(path), is?.get(path)];
    if (one === other) return [];
    return [
      {
        path,
        ...(one !== undefined && { before: one }),
        ...(other !== undefined && { after: other }),
        stages,
      },
    ];
  });
}

/** What a mapping says of an event, by the path of each text. */
function textsOf({ name: _, formerly: __, ...event }: EventMapping): readonly (readonly [string, string])[] {
  return Object.entries(event).flatMap(([path, value]): readonly (readonly [string, string])[] => {
    if (Array.isArray(value)) return value.length === 0 ? [] : [[path, value.join(', ')]];
    if (typeof value !== 'object') return [[path, String(value)]];
    return Object.entries(value).map(([member, text]) => [`${path}.${member}`, String(text)]);
  });
}

/** The definitions of `let` that an event uses, also by way of others. */
function usedDefinitions(
  event: EventMapping,
  definitions: Mapping['let'],
): readonly (readonly [string, string])[] {
  const used = new Set<string>();
  const texts = textsOf(event).map(([, text]) => text);
  for (const text of texts) {
    for (const [, name = ''] of text.matchAll(/\$(\w+)/g)) {
      const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
      if (definition === undefined || used.has(name)) continue;
      used.add(name);
      texts.push(definition);
    }
  }
  return [...used].map((name) => [`let.${name}`, definitions[name] ?? '']);
}
