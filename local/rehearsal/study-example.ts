import { parseJson } from '../../lambdas/parse-json.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import type { Example } from '../../lib/map/example-file.ts';
import { setMembers } from '../../lib/map/set-members.ts';
import { isAnother, keysOf, shapeOf, timesOf, whyAlike } from './compare-looks.ts';
import { eventsOfLook, type Look, lookAt, type MadeOfExample, type SignedSource } from './example-webhook.ts';
import { type Leaf, leavesOf, shiftTime, type Vary, waysToVary } from './vary-leaf.ts';

/** An example of which webhooks can be made that are unlike each other. */
export type StudiedExample = {
  readonly source: SignedSource;
  readonly example: Example;
  /** What it tells of as it lies there. */
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
 * Finds out how webhooks are made of an example that are unlike each other: which of its texts and numbers make another
 * customer or another id, everything else staying as it is. Fails with the reason where that cannot be.
 */
export async function studyExample(
  source: SignedSource,
  example: Example,
): Promise<Result<StudiedExample, string>> {
  const text = Buffer.from(example.webhook.rawBody).toString('utf8');
  const body = parseJson(text);
  if (body === undefined) return fail('its body is not JSON, so that no two could be told apart');
  const lookWith: LookWith = (changes, id = 'study') =>
    lookAt(source, example, { text: setMembers(text, changes), id });
  const look = await lookWith({});
  if (look === undefined) return fail('it is refused at the door as it is');

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
  const isLikely = ({ value }: Leaf) => {
    const own = String(value).toLowerCase();
    return own !== '' && wanted.some((text) => text.includes(own) || own.includes(text));
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
 * The times that are moved so that a webhook has happened lately: all of them, since a mapping may compare them with each
 * other; else those alone by which it tells when it happened. Nothing where moving them makes something else of it.
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
  const telling: Leaf[] = [];
  for (const leaf of times) {
    const changed = await lookWith({ [leaf.pointer]: shiftTime(leaf, HOUR_MILLISECONDS) ?? leaf.value });
    if (changed !== undefined && String(timesOf(changed)) !== String(timesOf(look))) telling.push(leaf);
  }
  return (await isMoved(telling)) ? telling : undefined;
}
