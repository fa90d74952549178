declare global {
  interface JSON {
    /** ES2026; Node.js has it since 21, TypeScript does not know it yet. */
    rawJSON(text: string): object;
  }
}

type Members = Record<string, unknown>;

/**
 * Sets members of a JSON text by their pointers. All else keeps its meaning, every digit of long numbers included; a
 * member on the way that is missing is made. A text that is not JSON stays as it is.
 */
export function setMembers(json: string, changes: Readonly<Record<string, unknown>>): string {
  if (Object.keys(changes).length === 0) return json;
  const root: unknown = JSON.parse(json, (_, value, context?: { readonly source?: string }) =>
    typeof value === 'number' ? JSON.rawJSON(context?.source ?? String(value)) : value,
  );
  for (const [pointer, value] of Object.entries(changes)) setMember(root, pointer, value);
  return JSON.stringify(root);
}

function setMember(root: unknown, pointer: string, value: unknown): void {
  const segments = pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = segments.pop() ?? '';
  const parent = segments.reduce<unknown>((members, segment) => {
    const child = (members as Members)[segment];
    if (typeof child === 'object' && child !== null) return child;
    const made: Members = {};
    (members as Members)[segment] = made;
    return made;
  }, root);
  (parent as Members)[last] = value;
}
