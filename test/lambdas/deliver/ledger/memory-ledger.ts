import {
  createPlaces,
  type IdentifiedEvent,
  type IntakeRecord,
  type LedgerEntry,
  type LedgerKey,
  type LedgerPage,
  recordName,
  type WebhookLedger,
} from '../../../../lambdas/deliver/ledger/entry.ts';
import { succeed } from '../../../../lambdas/result.ts';

/** A ledger in memory, and all that is in it by `webhook event`. */
export type MemoryLedger = WebhookLedger & {
  readonly entries: Map<string, LedgerEntry>;
  /** Those that are items of their own. */
  readonly records: Map<string, IntakeRecord>;
  readonly pages: Map<string, readonly IdentifiedEvent[]>;
};

/** So many items are in a page of a query, so that tests have more than one. */
const PAGE_ITEMS = 100;

type Kept = Pick<MemoryLedger, 'entries' | 'records' | 'pages'>;

export function createMemoryLedger(): MemoryLedger {
  const kept: Kept = { entries: new Map(), records: new Map(), pages: new Map() };
  const { entries, records, pages } = kept;
  const nameOf = ({ webhook, event }: LedgerKey) => `${webhook} ${event}`;
  const put = async (entry: LedgerEntry, isExpected: boolean) => {
    if (!isExpected) return succeed('changed');
    entries.set(nameOf(entry), entry);
    return succeed('written');
  };
  return {
    ...kept,
    read: async (key) => succeed(entries.get(nameOf(key))),
    write: (entry) => put(entry, (entries.get(nameOf(entry))?.revision ?? 0) === entry.revision - 1),
    copy: (entry, over) => put(entry, (entries.get(nameOf(entry))?.revision ?? 0) === (over?.revision ?? 0)),
    query: async (webhook, { from = '', after, limit = PAGE_ITEMS }) => {
      const names = [entries, records, pages]
        .flatMap((items) => [...items.keys()])
        .filter((key) => key.startsWith(`${webhook} `))
        .map((key) => key.slice(webhook.length + 1))
        .filter((name) => name >= from && (after === undefined || name > after))
        .sort();
      const last = names.length > limit ? names[limit - 1] : undefined;
      const page = pageOf(kept, webhook, names.slice(0, limit));
      return succeed({ ...page, ...(last !== undefined && { last }) });
    },
    writeIntakeRecord: async (webhook, record) => {
      const key = `${webhook} ${recordName(record.webhookId, record.progress?.replay)}`;
      if (record.progress !== undefined || !records.has(key)) records.set(key, freeze(record));
      return succeed(undefined);
    },
    writeIdentified: async (webhook, { webhookId }, identified) => {
      pages.set(`${webhook} ${recordName(webhookId)}#0001`, identified);
      return succeed(undefined);
    },
  };
}

function pageOf({ entries, records, pages }: Kept, webhook: string, names: readonly string[]): LedgerPage {
  const keys = names.map((name) => `${webhook} ${name}`);
  return {
    entries: keys.flatMap((key) => entries.get(key) ?? []),
    intakeRecords: keys.flatMap((key) => records.get(key) ?? []),
    identified: new Map(
      names.flatMap((name) => {
        const page = pages.get(`${webhook} ${name}`);
        return page === undefined ? [] : [[name.replace(/#\d+$/, ''), page] as const];
      }),
    ),
  };
}

/** As it is now: its writer goes on changing its places. */
function freeze(record: IntakeRecord): IntakeRecord {
  const { progress } = record;
  if (progress === undefined) return record;
  const { events, ended, putOff } = progress;
  const copy = (places: typeof ended) => createPlaces(events, places.bytes().slice());
  return {
    ...record,
    progress: {
      ...progress,
      ended: copy(ended),
      ...(putOff && { putOff: { ...putOff, places: copy(putOff.places) } }),
    },
  };
}
