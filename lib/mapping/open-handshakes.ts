import { findCandidates, findHandshake } from '../../lambdas/ingest/handshake.ts';
import type { EventTypeSelector, Handshake } from '../../lambdas/ingest/source.ts';
import { matchesEventType } from '../../lambdas/webhook-body.ts';
import type { Problem } from '../config/file.ts';
import type { Example } from './examples/example.ts';
import type { MappingFile } from './file.ts';

/**
 * Warns of a handshake for strangers that a real event could meet: it is looked for before any signature, so that such an event is
 * answered 200 and lost. Warns, too, of one that the vendor most likely signs.
 * @param examples webhooks that the mapping makes events of
 */
export function warnOfOpenHandshakes(
  mapping: MappingFile,
  examples: readonly Pick<Example, 'name' | 'webhook'>[],
): readonly Problem[] {
  return mapping.profile.handshakes.flatMap((handshake, index) => {
    if (handshake.authenticate !== 'none' || handshake.match.method !== 'POST') return [];
    const found = explainOpen(handshake, mapping, examples);
    if (found === undefined) return [];
    const [key, message] = found;
    return [{ ...mapping.problemAt(['handshakes', index, key], message), severity: 'warning' as const }];
  });
}

/** Which key of an open handshake is to be warned of, and why. */
function explainOpen(
  handshake: Handshake,
  mapping: MappingFile,
  examples: readonly Pick<Example, 'name' | 'webhook'>[],
): readonly [key: string, message: string] | undefined {
  const met = examples.find((example) => isMet(handshake, example));
  if (met !== undefined) return ['match', formatMet(`the example ${met.name}`)];
  if (!tellsApart(handshake, mapping)) return ['match', formatMet('a real event')];
  return isSignedMostly(handshake, mapping) ? ['authenticate', SIGNED_MOSTLY] : undefined;
}

function formatMet(who: string): string {
  return (
    `is met by ${who}, which would be answered as a test and lost. ` +
    'Name what only the test request has, or say authenticate: signature.'
  );
}

const SIGNED_MOSTLY =
  'lets anybody have the answer. A test that is told by a fixed value is a webhook of its own type, which vendors sign as all others: ' +
  'say authenticate: signature, unless the vendor says that it is not signed.';

/**
 * Whether a handshake is told by a fixed value. All such POSTs of the profiles and recipes are signed (GitHub, Slack, Zoom, Discord, Twitch,
 * Front); those that are told by a member with any value are not.
 */
function isSignedMostly(
  { match: { headers = {}, body = {} } }: Handshake,
  { profile: { signature } }: Pick<MappingFile, 'profile'>,
): boolean {
  if (signature.kind === 'sharedSecret') return false;
  return [...Object.entries(headers), ...Object.entries(body)].some(
    ([place, value]) => value !== '*' && !GENERAL.includes(place),
  );
}

function isMet(handshake: Handshake, { webhook }: Pick<Example, 'webhook'>): boolean {
  const { headers, rawBody } = webhook;
  const request = { requestId: '', source: '', method: 'POST', query: '', headers, rawBody };
  return findHandshake(findCandidates([handshake], request), request, true) !== undefined;
}

/** Headers that webhooks of any kind have. */
const GENERAL = ['content-type', 'content-length', 'user-agent', 'accept', 'accept-encoding', 'host'];

/** Whether a match asks for something that no event of the mapping has to have. */
function tellsApart(
  { match: { query = {}, headers = {}, body = {} } }: Handshake,
  { profile: { eventType, deduplicationId }, events }: Pick<MappingFile, 'profile' | 'events'>,
): boolean {
  const placesOf = (selectors: readonly EventTypeSelector[]) => selectors.flatMap(placesIn);
  const types = placesOf(eventType);
  const ids = placesOf(deduplicationId);
  const isOwn = ([place, value]: readonly [string, string]) => {
    if (types.includes(place)) {
      return (
        value !== '*' && !events.some(({ on }) => on.some((pattern) => matchesEventType(pattern, value)))
      );
    }
    return !ids.includes(place) && !GENERAL.includes(place);
  };
  return Object.keys(query).length > 0 || [...Object.entries(headers), ...Object.entries(body)].some(isOwn);
}

function placesIn(selector: EventTypeSelector): readonly string[] {
  if ('constant' in selector) return [];
  return 'header' in selector ? [selector.header] : [selector.body].flat();
}
