import { fail, parseJson, type Result, succeed } from '../../lambdas/result.ts';
import { type Example, setMembers } from '../../lib/mapping/examples/example.ts';
import { nameCall } from '../judge/evidence.ts';
import { eventsOfLook, type Look, lookAt, type MadeOfExample, type SignedSource } from './example-webhook.ts';

/** An example of which webhooks can be made that are unlike each other. */
export type StudiedExample = {
  readonly source: SignedSource;
  readonly example: Example;
  /** Its events, unchanged. */
  readonly events: MadeOfExample['events'];
  /** Makes a webhook of it; each mark (a whole number) makes another. */
  readonly make: (mark: number) => Promise<MadeOfExample>;
};

type Varied = Leaf & { readonly vary: Vary };
type Changes = Readonly<Record<string, string | number>>;
type LookWith = (changes: Changes, id?: string) => Promise<Look | undefined>;

const HOUR_MILLISECONDS = 3_600_000;

/** More leaves than that are not tried one by one. */
const MAX_TRIED = 400;

/**
 * Finds out which texts and numbers of an example make another customer or another id and leave everything else as it is,
 * so that any number of different webhooks can be made of it. Fails with the reason where there are none.
 */
export async function studyExample(
  source: SignedSource,
  example: Example,
): Promise<Result<StudiedExample, string>> {
  const text = Buffer.from(example.webhook.rawBody).toString('utf8');
  const body = parseJson(text);
  if (body === undefined) return fail('its body is not JSON, so no two webhooks of it would differ');
  const lookWith: LookWith = (changes, id = 'study') =>
    lookAt(source, example, { text: setMembers(text, changes), id });
  const look = await lookWith({});
  if (look === undefined) return fail('ingest refuses it as it is');

  const leaves = leavesOf(body);
  const varied = await findVaried(leaves, look, lookWith);
  const isVaried = new Set(varied.map(({ pointer }) => pointer));
  const timed = await findTimed(
    leaves.filter(({ pointer }) => !isVaried.has(pointer)),
    look,
    lookWith,
  );
  if (timed === undefined) return fail('it cannot be moved to the present without becoming something else');
  const changesBy = (mark: number) =>
    Object.fromEntries(varied.map(({ pointer, value, vary }, index) => [pointer, vary(value, mark + index)]));
  const pair = await Promise.all([lookWith(changesBy(100), 'one'), lookWith(changesBy(500), 'other')]);
  const problem = whyAlike(look, pair);
  if (problem !== undefined) return fail(problem);

  const { name, webhook } = example;
  const make = async (mark: number): Promise<MadeOfExample> => ({
    name,
    headers: Object.fromEntries(webhook.headers),
    bodyAt: (at) => {
      const later = at.getTime() - webhook.receivedAt.getTime();
      const times = timed.map((leaf) => [leaf.pointer, shiftTime(leaf, later) ?? leaf.value]);
      return Buffer.from(setMembers(text, { ...Object.fromEntries(times), ...changesBy(mark) }));
    },
    events: eventsOfLook((await lookWith(changesBy(mark))) ?? look, webhook.receivedAt),
  });
  return succeed({ source, example, events: eventsOfLook(look, webhook.receivedAt), make });
}

/** First what stands in a key or in the id as it is; everything, where that is not enough. */
async function findVaried(
  leaves: readonly Leaf[],
  look: Look,
  lookWith: LookWith,
): Promise<readonly Varied[]> {
  const wanted = [...keysOf(look), look.deduplicationId].map((text) => text.toLowerCase());
  const members = new Set(identitiesOf(look).flatMap((identity) => [identity, ...identity.split(':')]));
  const isLikely = ({ value }: Leaf) => {
    const own = String(value).toLowerCase();
    const isWanted = wanted.some((text) => text.includes(own) || own.includes(text));
    return own !== '' && (isWanted || members.has(String(value)));
  };
  const likely = await tryLeaves(leaves.filter(isLikely), look, lookWith);
  const changed = await lookWith(Object.fromEntries(likely.map(vary)), 'other');
  if (changed !== undefined && whyAlike(look, [look, changed]) === undefined) return likely;
  return tryLeaves(leaves, look, lookWith);
}

async function tryLeaves(
  leaves: readonly Leaf[],
  look: Look,
  lookWith: LookWith,
): Promise<readonly Varied[]> {
  const varied: Varied[] = [];
  for (const leaf of leaves.slice(0, MAX_TRIED)) {
    for (const way of waysToVary(leaf)) {
      const changed = await lookWith({ [leaf.pointer]: way(leaf.value, 100) });
      if (changed === undefined || shapeOf(changed) !== shapeOf(look) || !isAnother(look, changed)) continue;
      varied.push({ ...leaf, vary: way });
      break;
    }
  }
  return varied;
}

function vary({ pointer, value, vary: way }: Varied): readonly [string, string | number] {
  return [pointer, way(value, 100)];
}

/**
 * The times to move so that a webhook has happened lately: all of them, since a mapping may compare them with each other;
 * if that changes what becomes of it, only those that the event's time is read from; `undefined` if that does too.
 */
async function findTimed(
  leaves: readonly Leaf[],
  look: Look,
  lookWith: LookWith,
): Promise<readonly Leaf[] | undefined> {
  const times = leaves.filter((leaf) => shiftTime(leaf, HOUR_MILLISECONDS) !== undefined);
  const isMoved = async (moved: readonly Leaf[]) => {
    const changes = moved.map((leaf) => [leaf.pointer, shiftTime(leaf, HOUR_MILLISECONDS) ?? leaf.value]);
    const changed = await lookWith(Object.fromEntries(changes));
    return changed !== undefined && shapeOf(changed, HOUR_MILLISECONDS) === shapeOf(look);
  };
  if (await isMoved(times)) return times;
  const read: Leaf[] = [];
  for (const leaf of times) {
    const changed = await lookWith({ [leaf.pointer]: shiftTime(leaf, HOUR_MILLISECONDS) ?? leaf.value });
    if (changed !== undefined && String(timesOf(changed)) !== String(timesOf(look))) read.push(leaf);
  }
  return (await isMoved(read)) ? read : undefined;
}

/** Why two webhooks of one example could be taken for each other, or one event of theirs for another. */
function whyAlike(look: Look, [one, other]: readonly (Look | undefined)[]): string | undefined {
  if (one === undefined || other === undefined || [one, other].some((it) => shapeOf(it) !== shapeOf(look))) {
    return 'what its id or its customer is made of cannot be changed without changing what becomes of it';
  }
  if (one.deduplicationId === other.deduplicationId) return 'its id stays the same whatever is changed in it';
  const keys = keysOf(other);
  if (keysOf(one).some((key, index) => key === keys[index])) {
    return 'whom it is about stays the same whatever is changed in it';
  }
  const identities = new Set(identitiesOf(one));
  if (identitiesOf(other).some((identity) => identities.has(identity))) {
    return 'an event has the same identity whatever is changed in it';
  }
  const calls = one.events.flatMap((mapped) =>
    mapped.kind === 'event' ? [nameCall(mapped.event.eventId, mapped.event.eventKey)] : [],
  );
  return new Set(calls).size < calls.length
    ? 'two of its events have the same event id and the same event key, so their calls look alike'
    : undefined;
}

function keysOf({ events }: Look): readonly string[] {
  return events.flatMap((mapped) => (mapped.kind === 'event' ? [mapped.event.eventKey] : []));
}

/** The facts that its events are of, as far as the vendor or the mapping names them. */
function identitiesOf({ events }: Look): readonly string[] {
  return events.flatMap(({ identity }) => identity ?? []);
}

function timesOf({ events }: Look): readonly (number | undefined)[] {
  return events.map((mapped) => (mapped.kind === 'event' ? mapped.occurredAt?.getTime() : undefined));
}

/**
 * What has to stay as it is: the types, and of each event its name, how it ends, and when it was.
 * @param moved by how many milliseconds its times were moved
 */
function shapeOf(look: Look, moved = 0): string {
  const events = look.events.map((mapped) => [
    mapped.name,
    mapped.item,
    mapped.kind,
    mapped.kind === 'event' ? mapped.event.eventId : undefined,
    mapped.kind === 'event' ? Object.keys(mapped.event.params) : undefined,
    mapped.kind === 'rejected' ? mapped.failure.code : undefined,
  ]);
  const times = timesOf(look).map((time) => time && time - moved);
  return JSON.stringify([look.eventTypes, look.isIgnored, events, times]);
}

/** Whether the webhook's id, a customer or an event's identity has changed. */
function isAnother(look: Look, changed: Look): boolean {
  const namesOf = (one: Look) => [one.deduplicationId, ...keysOf(one), ...identitiesOf(one)];
  const names = namesOf(changed);
  return namesOf(look).some((name, index) => name !== names[index]);
}

/** A text or a number in a JSON body, and where it stands (RFC 6901). */
type Leaf = { readonly pointer: string; readonly value: string | number };

/** Writes another value of the same kind, which no other mark gives. */
type Vary = (value: string | number, mark: number) => string | number;

/** Every text and number of a body, in their order. */
function leavesOf(value: unknown, pointer = ''): readonly Leaf[] {
  if (typeof value === 'string' || typeof value === 'number') return [{ pointer, value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    leavesOf(member, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
}

/** The ways in which a value may be made another, the likeliest to be taken for one of its kind first. */
function waysToVary({ value }: Leaf): readonly Vary[] {
  if (typeof value === 'number') return Number.isInteger(value) ? [varyNumber] : [];
  if (value.includes('@')) return [varyAddress];
  return /\d{6}$/.test(value) ? [varyLastDigits, addMark] : [addMark];
}

const varyNumber: Vary = (_, mark) => 1_000_000_000 + mark;

/** In a name with an address, too. */
const varyAddress: Vary = (value, mark) => String(value).replace(/[^\s<>,;@]+@/, `w${mark}.$&`);

/** A telephone number stays one. */
const varyLastDigits: Vary = (value, mark) => String(value).replace(/\d{6}$/, String(mark).padStart(6, '0'));

const addMark: Vary = (value, mark) => `${value}-${mark}`;

/** A time so many milliseconds later, in the form that it has; `undefined` where it is none. */
function shiftTime({ value }: Leaf, milliseconds: number): string | number | undefined {
  if (typeof value === 'number') return shiftNumber(value, milliseconds);
  const hasOffset = /(Z|[+-]\d\d:?\d\d)$/.test(value);
  const time = /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(hasOffset ? value : `${value}Z`) : Number.NaN;
  if (Number.isNaN(time)) return undefined;
  const shifted = new Date(time + milliseconds).toISOString();
  return hasOffset ? shifted : shifted.slice(0, -1);
}

/** Unix seconds from 2001 on, or milliseconds. */
function shiftNumber(value: number, milliseconds: number): number | undefined {
  if (value < 1_000_000_000 || value > 100_000_000_000_000) return undefined;
  const isSeconds = value < 100_000_000_000;
  return isSeconds ? value + Math.round(milliseconds / 1000) : value + milliseconds;
}
