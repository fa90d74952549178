import { createHash } from 'node:crypto';
import { fail, type Result, succeed } from '../result.ts';
import { follow } from '../webhook-body.ts';
import { evaluate, isJsonataFunction, isNullVariant, type LocatedValue, type Scope } from './expression.ts';
import type { MapFailure, ValueType } from './failure.ts';

/** Says which fact an event is of. */
export type IdentityRecipe = {
  /** The mapping's own id; if there is one, the vendor's is not asked. */
  readonly expression: LocatedValue | undefined;
  /** JSON pointers into an item: the first list of which all members are there is the item's id. */
  readonly itemId: readonly (readonly string[])[];
};

/**
 * The id of the fact that an event is of, the same for every webhook that reports it. `undefined` if there is none: then
 * the webhook's id and the item's place identify the event. Fails if the mapping's expression does, or gives no id.
 */
export async function identityOf(
  { expression, itemId }: IdentityRecipe,
  scope: Scope,
): Promise<Result<string | undefined, MapFailure>> {
  if (expression === undefined) return succeed(itemIdOf('item' in scope ? scope.item : scope.body, itemId));
  const found = await evaluate(expression, scope);
  if (!found.ok) return found;
  const type = unusableType(found.value);
  if (type !== undefined) return fail({ code: 'deduplication-id-unusable', ...expression.place, type });
  const text = String(found.value ?? '');
  return succeed(text.trim() === '' || isNullVariant(text) ? undefined : shortenIdentity(text));
}

/** What an id cannot be. True or false would make one event of all that have it in common. */
function unusableType(value: unknown): ValueType | undefined {
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return 'array';
  return isJsonataFunction(value) ? 'function' : 'object';
}

function itemIdOf(item: unknown, lists: IdentityRecipe['itemId']): string | undefined {
  for (const pointers of lists) {
    const members = pointers.map((pointer) => memberOf(item, pointer));
    if (!members.includes('')) return shortenIdentity(members.map(escapeColon).join(':'));
  }
  return undefined;
}

/** A member as text; empty if it is missing, or no text, number or boolean. */
function memberOf(item: unknown, pointer: string): string {
  const [value] = follow(item, pointer);
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : '';
}

/** So that a member with a colon in it cannot look like two: no two lists of members have the same id. */
function escapeColon(member: string, _: number, { length }: readonly string[]): string {
  return length === 1 ? member : member.replaceAll('%', '%25').replaceAll(':', '%3A');
}

/** An id as the ledger's key has it: one that is long, or more than printable ASCII, is replaced by its hash. */
export function shortenIdentity(id: string): string {
  if (/^[ -~]{1,256}$/.test(id)) return id;
  return `sha256:${createHash('sha256').update(JSON.stringify(id)).digest('hex')}`;
}
