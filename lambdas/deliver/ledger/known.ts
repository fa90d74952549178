import { createHash } from 'node:crypto';
import type { BufferedWebhook } from '../../buffer/message.ts';
import type { CompiledMapping, PendingEvent } from '../../map/webhook.ts';
import { earlierBodies } from '../../map/webhook.ts';
import { type Result, succeed } from '../../result.ts';
import {
  hasEnded,
  type IdentifiedEvent,
  type IntakeRecord,
  type LedgerEntry,
  type LedgerFailure,
  type LedgerKey,
  type LedgerPage,
  ledgerKey,
  type Progress,
  recordName,
  type WebhookLedger,
} from './entry.ts';

/** A webhook, and the list of events that its mapping makes of it. */
export type ListedWebhook = {
  readonly webhook: BufferedWebhook;
  readonly mapping: CompiledMapping;
  readonly events: readonly PendingEvent[];
};

/** An event that the ledger knows as unfinished, and the mapping no longer has. */
export type VanishedEvent = {
  readonly name: string;
  readonly item?: number;
  readonly identity?: string;
  readonly entry: LedgerEntry;
};

/** What the ledger knows of a webhook when work on it goes on. */
export type Known = {
  /** The webhook's intake record, where that is an item of its own. */
  readonly intakeRecord?: IntakeRecord;
  /** How far work has come, by today's mapping. */
  readonly progress?: Progress;
  /** Events that are listed by the ids of their facts, by this mapping or an earlier one. */
  readonly identified: readonly IdentifiedEvent[];
  /** What stands under the key of the event at a place of the list, as far as it was read. */
  readonly entryAt: (place: number) => LedgerEntry | undefined;
  /** What stands under a key that the event had before, and has gone further. */
  readonly formerAt: (place: number) => LedgerEntry | undefined;
  readonly vanished: readonly VanishedEvent[];
  /** Whether the ledger has an entry of every event that the webhook had by the mapping of its first receive. */
  readonly isComplete: boolean;
};

/** A new webhook. */
const NOTHING: Known = {
  identified: [],
  entryAt: () => undefined,
  formerAt: () => undefined,
  vanished: [],
  isComplete: false,
};

/** So few events are looked up one by one as cheaply as in a list of what has ended. */
const FEW_EVENTS = 10;

/**
 * Whether a webhook has few events, none of which its fact's id identifies: most have one. The first entry carries the
 * intake record then, and nothing is read or written beside the entries until the message comes again.
 */
export function isSmall({ events }: Pick<ListedWebhook, 'events'>): boolean {
  return events.length <= FEW_EVENTS && events.every(({ identity }) => identity === undefined);
}

/**
 * Reads what the ledger knows of a webhook, by consistent reads. A small webhook that comes for the first time is not
 * looked for: its claims show whether it is new. Where work goes on by the same mapping, one item says all.
 * @param replay which replay of the webhook this is
 */
export async function readKnown(
  listed: ListedWebhook,
  { receives, replay }: { readonly receives: number; readonly replay?: string },
  ledger: WebhookLedger,
): Promise<Result<Known, LedgerFailure>> {
  const isNew = receives === 1 && replay === undefined && !hadOtherKeys(listed);
  if (isSmall(listed) && isNew) return succeed(NOTHING);
  if (isSmall(listed) && listed.events.length === 1) return lookBack(listed, undefined, ledger);
  const first = await readRecord(listed, replay, ledger);
  if (!first.ok) return first;
  const { record, isNothing } = first.value;
  if (isNothing && replay === undefined && !hadOtherKeys(listed)) return succeed(NOTHING);
  const goesOn = hasFormerNames(listed) ? undefined : goOn(record, listed.mapping);
  return goesOn ? succeed(goesOn) : lookBack(listed, record, ledger);
}

/** Whether a webhook's events may stand in the ledger under other keys. */
function hadOtherKeys(listed: ListedWebhook): boolean {
  return formerWebhooks(listed).length > 1 || listed.events.some(({ formerly }) => formerly.length > 0);
}

/**
 * Whether names have changed. They may have changed to and fro since this mapping's last receive: then another delivery of
 * the webhook may have gone on under another name.
 */
function hasFormerNames({ mapping, events }: ListedWebhook): boolean {
  return mapping.formerly.length > 0 || events.some(({ formerly }) => formerly.length > 0);
}

/** What is known where work goes on by the same mapping. */
function goOn(intakeRecord: IntakeRecord | undefined, { digest }: CompiledMapping): Known | undefined {
  const { progress, identified = [] } = intakeRecord ?? {};
  if (intakeRecord === undefined || progress?.mappingDigest !== digest || progress.looksBack)
    return undefined;
  return { ...NOTHING, intakeRecord, progress, identified };
}

/** Reads the item that says how far work has come. Entries are behind it: nothing from its name on means no entry, either. */
async function readRecord(
  { webhook }: ListedWebhook,
  replay: string | undefined,
  ledger: WebhookLedger,
): Promise<
  Result<{ readonly record: IntakeRecord | undefined; readonly isNothing: boolean }, LedgerFailure>
> {
  const from = recordName(webhook.webhookId, replay);
  const first = await ledger.query(partitionOf(webhook), { from, limit: 1 });
  if (!first.ok) return first;
  const { entries, intakeRecords, identified, last } = first.value;
  const isNothing = last === undefined && entries.length + intakeRecords.length + identified.size === 0;
  return succeed({ record: intakeRecords.find((one) => nameOf(one) === from), isNothing });
}

function nameOf({ webhookId, progress }: IntakeRecord): string {
  return recordName(webhookId, progress?.replay);
}

function partitionOf(webhook: WebhookId): string {
  return ledgerKey(webhook, { name: '' }).webhook;
}

/** Reads everything: what the webhook's own partition has, and what stands under keys of before. */
async function lookBack(
  listed: ListedWebhook,
  intakeRecord: IntakeRecord | undefined,
  ledger: WebhookLedger,
): Promise<Result<Known, LedgerFailure>> {
  const { webhook, mapping } = listed;
  const former = formerWebhooks(listed);
  const partitions = [...new Set([webhook, ...former].map(partitionOf))];
  const pages = await readPartitions(partitions, ledger);
  if (!pages.ok) return pages;
  const identified = listIdentified(pages.value, recordName(webhook.webhookId));
  const keys = listKeys(listed, former, identified);
  const elsewhere = [...keys.before.flat(), ...keys.unlisted].filter(
    (key) => !partitions.includes(key.webhook),
  );
  const found = await readEntries(elsewhere, ledger);
  if (!found.ok) return found;
  const all = [...pages.value.flatMap(({ entries }) => entries), ...found.value];
  const { progress } = intakeRecord ?? {};
  return succeed({
    ...(intakeRecord && { intakeRecord }),
    ...(progress?.mappingDigest === mapping.digest && { progress }),
    identified,
    ...findEntries(keys, all),
    // A replay that names its events touches no other.
    vanished: webhook.replay?.events === undefined ? findVanished(webhook, keys, all) : [],
    isComplete: intakeRecord === undefined && isComplete(webhook, all),
  });
}

/** The keys of a webhook's events. */
type Keys = {
  /** By the places of the list. */
  readonly own: readonly LedgerKey[];
  readonly before: readonly (readonly LedgerKey[])[];
  /** Of events that an earlier mapping listed, and today's does not. */
  readonly unlisted: readonly LedgerKey[];
  /** All but those. */
  readonly known: ReadonlySet<string>;
};

function listKeys(
  { webhook, events }: ListedWebhook,
  former: readonly WebhookId[],
  identified: readonly IdentifiedEvent[],
): Keys {
  const byPlace = Map.groupBy(identified, placeOf);
  const own = events.map((event) => ledgerKey(webhook, event));
  const before = events.map((event, place) =>
    keysBefore(event, former, byPlace).filter((key) => textOf(key) !== textOf(own[place] ?? key)),
  );
  const known = new Set([...own, ...before.flat()].map(textOf));
  const listed = identified.map((one) => ledgerKey(webhook, one));
  return { own, before, unlisted: listed.filter((key) => !known.has(textOf(key))), known };
}

/** What stands under each event's keys. Mostly there is nothing. */
function findEntries(
  { own, before }: Keys,
  all: readonly LedgerEntry[],
): Pick<Known, 'entryAt' | 'formerAt'> {
  const entries = new Map(all.map((entry) => [textOf(entry), entry]));
  if (entries.size === 0) return NOTHING;
  const current = own.map((key) => entries.get(textOf(key)));
  const earlier = before.map((keys, place) =>
    latestOf(
      keys.flatMap((key) => entries.get(textOf(key)) ?? []),
      current[place],
    ),
  );
  return { entryAt: (place) => current[place], formerAt: (place) => earlier[place] };
}

/** What stands under a key of before, if that has gone further than what stands under the event's own. */
function latestOf(earlier: readonly LedgerEntry[], own: LedgerEntry | undefined): LedgerEntry | undefined {
  const [latest] = earlier
    .filter(({ movedTo }) => movedTo === undefined)
    .toSorted((one, other) => other.revision - one.revision);
  const isOwn = own !== undefined && own.movedTo === undefined;
  return isOwn && own.revision >= (latest?.revision ?? 0) ? undefined : latest;
}

/**
 * The webhook as it was before: by former names of its source, by the id that 0.1.0 took of it, and by the bodies that its
 * vendor sent before this one.
 */
function formerWebhooks({ webhook, mapping }: ListedWebhook): readonly WebhookId[] {
  const { source, deduplicationId, formerDeduplicationId, rawBody } = webhook;
  const bodies = mapping.redelivery === undefined ? [] : earlierBodies(rawBody, mapping.redelivery);
  const ids = bodies.map((body) => createHash('sha256').update(body).digest('hex'));
  const all = [
    deduplicationId,
    ...(formerDeduplicationId === undefined ? [] : [formerDeduplicationId]),
    ...ids,
  ];
  return [source, ...mapping.formerly].flatMap((name) =>
    all.map((id) => ({ source: name, deduplicationId: id })),
  );
}

type WebhookId = Pick<BufferedWebhook, 'source' | 'deduplicationId'>;

async function readPartitions(
  partitions: readonly string[],
  ledger: WebhookLedger,
): Promise<Result<readonly LedgerPage[], LedgerFailure>> {
  const pages: LedgerPage[] = [];
  for (const partition of partitions) {
    let after: string | undefined;
    do {
      const page = await ledger.query(partition, after === undefined ? {} : { after });
      if (!page.ok) return page;
      pages.push(page.value);
      after = page.value.last;
    } while (after !== undefined);
  }
  return succeed(pages);
}

function listIdentified(pages: readonly LedgerPage[], record: string): readonly IdentifiedEvent[] {
  return pages.flatMap(({ intakeRecords, identified }) => [
    ...intakeRecords.flatMap((one) => (nameOf(one) === record ? (one.identified ?? []) : [])),
    ...(identified.get(record) ?? []),
  ]);
}

/** The keys under which an event may stand in the ledger beside its own, the likeliest first. */
function keysBefore(
  { name, item, identity, formerly }: PendingEvent,
  former: readonly WebhookId[],
  identified: ReadonlyMap<string, readonly IdentifiedEvent[]>,
): readonly LedgerKey[] {
  const place = item === undefined ? {} : { item };
  const names = [name, ...formerly];
  const earlier = names.flatMap((one) => identified.get(placeOf({ name: one, ...place })) ?? []);
  const identities = new Set([identity, ...earlier.map((one) => one.identity)]);
  return former.flatMap((webhook) =>
    names.flatMap((one) => [
      ...[...identities].flatMap((id) =>
        id === undefined ? [] : [ledgerKey(webhook, { name: one, identity: id })],
      ),
      ledgerKey(webhook, { name: one, ...place }),
    ]),
  );
}

function placeOf({ name, item }: { readonly name: string; readonly item?: number }): string {
  return item === undefined ? name : `${name}#${item}`;
}

function isComplete({ webhookId }: BufferedWebhook, all: readonly LedgerEntry[]): boolean {
  const own = all.filter((entry) => entry.webhookId === webhookId && entry.movedTo === undefined);
  const carried = own.find(({ intakeRecord }) => intakeRecord?.webhookId === webhookId)?.intakeRecord;
  const made = carried?.matched.reduce((sum, one) => sum + one.made + one.rejected, 0);
  return made === own.length;
}

/** How many entries are read at the same time. */
const READ_AT_ONCE = 25;

async function readEntries(
  keys: readonly LedgerKey[],
  ledger: WebhookLedger,
): Promise<Result<readonly LedgerEntry[], LedgerFailure>> {
  const wanted = [...new Map(keys.map((key) => [textOf(key), key])).values()];
  const entries: LedgerEntry[] = [];
  for (let start = 0; start < wanted.length; start += READ_AT_ONCE) {
    const read = await Promise.all(wanted.slice(start, start + READ_AT_ONCE).map(ledger.read));
    for (const one of read) {
      if (!one.ok) return one;
      if (one.value !== undefined) entries.push(one.value);
    }
  }
  return succeed(entries);
}

/**
 * What is unfinished among entries that no event of today's mapping stands for. An entry that another delivery of the
 * webhook was the last to take is left to that delivery. A replay of a whole webhook may be all that stands for an event
 * that was dead-lettered: it becomes a dead letter again.
 */
function findVanished(
  { webhookId, replay }: BufferedWebhook,
  { known }: Keys,
  all: readonly LedgerEntry[],
): readonly VanishedEvent[] {
  const isOwed = (entry: LedgerEntry) =>
    !hasEnded(entry) ||
    (replay !== undefined && entry.state !== 'delivered' && entry.deadLetteredAt !== undefined);
  const owed = all.filter(
    (entry) =>
      !known.has(textOf(entry)) &&
      entry.webhookId === webhookId &&
      entry.movedTo === undefined &&
      isOwed(entry),
  );
  return owed.map((entry) => {
    const [name = '', item] = entry.event.split('#');
    const identity = /^[^#:]*:(.*)$/s.exec(entry.webhook)?.[1];
    return {
      name,
      ...(item !== undefined && { item: Number(item) }),
      ...(identity !== undefined && { identity }),
      entry,
    };
  });
}

function textOf({ webhook, event }: LedgerKey): string {
  return `${webhook}\n${event}`;
}
