import { gunzipSync, gzipSync } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as z from 'zod/mini';
import {
  createPlaces,
  expiryOf,
  type IdentifiedEvent,
  type IntakeRecord,
  type LedgerEntry,
  lastCallOf,
  type PastAttempt,
  type Places,
  type Progress,
  recordName,
} from '../deliver/ledger/entry.ts';
import { parseJson } from '../result.ts';

/** An item as DynamoDB's client has it. */
export type Item = Record<string, AttributeValue>;

/** Attributes before they are written; an `undefined` one is left out. */
type Attributes = Readonly<Record<string, string | number | boolean | Date | Uint8Array | undefined>>;

/** Writes attributes flat, as a person reads them in the console: texts, numbers, times in ISO 8601. */
export function writeAttributes(attributes: Attributes): Item {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, writeAttribute(value)]],
    ),
  );
}

function writeAttribute(value: string | number | boolean | Date | Uint8Array): AttributeValue {
  if (value instanceof Uint8Array) return { B: value };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  return typeof value === 'boolean' ? { BOOL: value } : { S: value.toISOString() };
}

/** DynamoDB's time to live is in unix seconds. */
export function writeExpiry(expiresAt: Date): number {
  return Math.ceil(expiresAt.getTime() / 1000);
}

export const text = z.pipe(
  z.object({ S: z.string() }),
  z.transform(({ S }) => S),
);
const isoTime = z.pipe(
  z.iso.datetime(),
  z.transform((iso) => new Date(iso)),
);
export const time = z.pipe(text, isoTime);
const number = z.pipe(
  z.object({ N: z.coerce.number<string>() }),
  z.transform(({ N }) => N),
);

const truth = z.pipe(
  z.object({ BOOL: z.literal(true) }),
  z.transform(() => true as const),
);

const expiry = z.pipe(
  number,
  z.transform((seconds) => new Date(seconds * 1000)),
);

/** JSON within an attribute. It only informs people, so one that cannot be read is left out. */
function jsonText<Value>(schema: z.ZodMiniType<Value>) {
  return z.catch(z.optional(z.pipe(z.pipe(text, z.transform(parseJson)), schema)), undefined);
}

/** zod leaves missing members out, but its types say `undefined`. */
function dropUndefined(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

/**
 * An entry as an item. A write costs a unit for each kilobyte begun, so the item repeats nothing: the first attempt is left
 * out where it is the last, and a call of the history leaves out what it has in common with the entry.
 */
export function writeItem(entry: LedgerEntry): Item {
  const { expiresAt, answer, parameters, history, intakeRecord, firstAttemptAt, movedTo, ...facts } = entry;
  const isFirst = firstAttemptAt?.getTime() === entry.lastAttemptAt?.getTime();
  return writeAttributes({
    ...facts,
    firstAttemptAt: isFirst ? undefined : firstAttemptAt,
    answerStatus: answer?.status,
    answerCode: answer?.code,
    answerDescription: answer?.description,
    parameters: parameters && JSON.stringify(parameters),
    history: history && writeHistory(history, entry),
    ...(intakeRecord && writeCarriedIntakeRecord(intakeRecord, entry)),
    movedTo: movedTo && `${movedTo.webhook}\n${movedTo.event}`,
    expiresAt: writeExpiry(expiresAt),
  });
}

/** The last call mostly equals what the entry itself says: then `{}` stands for it. */
function writeHistory(history: readonly PastAttempt[], entry: LedgerEntry): string {
  const lastCall = JSON.stringify(lastCallOf(entry));
  return JSON.stringify(
    history.map((attempt, index) => {
      if (index === history.length - 1 && JSON.stringify(attempt) === lastCall) return {};
      return { ...attempt, eventId: attempt.eventId === entry.eventId ? undefined : attempt.eventId };
    }),
  );
}

const attemptSchema = z.object({
  at: isoTime,
  code: z.string(),
  status: z.optional(z.number()),
  answerCode: z.optional(z.string()),
  eventId: z.optional(z.string()),
  parameters: z.optional(z.record(z.string(), z.number())),
  description: z.optional(z.string()),
});
const historySchema = z.array(z.union([attemptSchema, z.strictObject({})]));

/** A call without an event definition called the entry's. */
function readHistory(history: z.infer<typeof historySchema>, entry: LedgerEntry): readonly PastAttempt[] {
  const event = entry.eventId === undefined ? {} : { eventId: entry.eventId };
  return history.flatMap((attempt) => {
    const whole = 'at' in attempt ? { ...event, ...attempt } : lastCallOf(entry);
    return whole === undefined ? [] : [dropUndefined(whole) as PastAttempt];
  });
}

const itemSchema = z.object({
  webhook: text,
  event: text,
  revision: number,
  state: z.pipe(text, z.enum(['claimed', 'waiting', 'delivered', 'failed', 'unconfirmed', 'expired'])),
  owner: text,
  leaseUntil: time,
  attempts: number,
  webhookId: text,
  receivedAt: time,
  mappingVersion: text,
  expiresAt: expiry,
  eventKeyHash: z.optional(text),
  firstAttemptAt: z.optional(time),
  lastAttemptAt: z.optional(time),
  code: z.optional(text),
  stage: z.optional(text),
  detail: z.optional(text),
  transactionId: z.optional(text),
  deadLetteredAt: z.optional(time),
  isUnsure: z.optional(truth),
  movedTo: z.optional(
    z.pipe(
      text,
      z.transform((key) => {
        const [webhook = '', event = ''] = key.split('\n');
        return { webhook, event };
      }),
    ),
  ),
  answerStatus: z.optional(number),
  answerCode: z.optional(text),
  answerDescription: z.optional(text),
  eventId: z.optional(text),
  parameters: jsonText(z.record(z.string(), z.number())),
  history: jsonText(historySchema),
});

/** Throws if `writeItem` cannot have written it. */
export function readItem(item: Item): LedgerEntry {
  const { answerStatus, answerCode, answerDescription, history, ...facts } = itemSchema.parse(item);
  const answer = dropUndefined({ status: answerStatus, code: answerCode, description: answerDescription });
  const entry = dropUndefined({
    ...facts,
    firstAttemptAt: facts.firstAttemptAt ?? facts.lastAttemptAt,
    answer: answerStatus === undefined ? undefined : answer,
    intakeRecord: readCarriedIntakeRecord(item),
  }) as LedgerEntry;
  return { ...entry, ...(history && { history: readHistory(history, entry) }) };
}

/** The delivery that an item is of: mostly also that of the intake record that it carries. */
type Delivery = Pick<IntakeRecord, 'webhookId' | 'receivedAt'>;

/** An intake record as an item of its own, beside the events of its webhook. */
export function intakeRecordItem(webhook: string, intakeRecord: IntakeRecord): Item {
  const { webhookId, receivedAt, takenAt, progress, identified } = intakeRecord;
  return writeAttributes({
    webhook,
    event: recordName(webhookId, progress?.replay),
    webhookId,
    receivedAt,
    ...factsOf(intakeRecord),
    ...(progress && writeProgress(progress)),
    identified: identified && JSON.stringify(identified),
    expiresAt: writeExpiry(expiryOf(takenAt)),
  });
}

/** Of DynamoDB's 409,600 bytes an item. A character of an id takes three bytes at most. */
const PAGE_CHARACTERS = 100_000;

/** The events of a large batch that are found by the ids of their facts, as items beside its intake record. */
export function identifiedItems(
  webhook: string,
  { webhookId, takenAt }: IntakeRecord,
  identified: readonly IdentifiedEvent[],
): readonly Item[] {
  const pages: string[][] = [];
  let characters = PAGE_CHARACTERS;
  for (const text of identified.map((one) => JSON.stringify(one))) {
    if (characters + text.length > PAGE_CHARACTERS) {
      pages.push([]);
      characters = 0;
    }
    pages.at(-1)?.push(text);
    characters += text.length + 1;
  }
  return pages.map((page, index) =>
    writeAttributes({
      webhook,
      event: `${recordName(webhookId)}#${String(index + 1).padStart(4, '0')}`,
      identified: `[${page.join(',')}]`,
      expiresAt: writeExpiry(expiryOf(takenAt)),
    }),
  );
}

/** What a bitmap may take of an item. Under it, that of a batch of any size counts as none: then the ledger's entries say what has ended. */
const MAX_PLACES_BYTES = 150_000;

function writeProgress({ ended, putOff, outOfTime, ...progress }: Progress): Attributes {
  const places = writePlaces(ended);
  if (places === undefined) return {};
  const later = putOff && writePlaces(putOff.places);
  return {
    ...progress,
    ended: places,
    endedEvents: ended.size(),
    ...(putOff && later && { putOff: later, putOffUntil: putOff.until }),
    ...(outOfTime > 0 && { outOfTime }),
  };
}

/** Events mostly end in their order, so that little is left of a bitmap once it is compressed. */
function writePlaces(places: Places): Uint8Array | undefined {
  const bytes = gzipSync(places.bytes());
  return bytes.length > MAX_PLACES_BYTES ? undefined : bytes;
}
/** An intake record within the item of an entry. It names its delivery only if the entry has gone on to another. */
function writeCarriedIntakeRecord(intakeRecord: IntakeRecord, entry: Delivery): Attributes {
  const { webhookId, receivedAt } = intakeRecord;
  const isOther = webhookId !== entry.webhookId || receivedAt.getTime() !== entry.receivedAt.getTime();
  return {
    ...factsOf(intakeRecord),
    ...(isOther && { firstWebhookId: webhookId, firstReceivedAt: receivedAt }),
  };
}

function factsOf(intakeRecord: IntakeRecord): Attributes {
  const { takenAt, eventTypes, moreTypes, bytes, secretIndex, matched, others, moreMatched } = intakeRecord;
  const counted = matched.map(({ made, rejected, ...event }) => ({
    ...event,
    ...(made > 0 && { made }),
    ...(rejected > 0 && { rejected }),
  }));
  return {
    takenAt,
    eventTypes: eventTypes.join('\n'),
    moreTypes,
    bytes,
    secretSlot: secretIndex,
    matched: JSON.stringify(counted),
    others,
    moreMatched,
  };
}

const matchedSchema = z.object({
  event: z.string(),
  made: z._default(z.int(), 0),
  rejected: z._default(z.int(), 0),
  skipped: z.optional(z.enum(['when-not-met', 'no-items'])),
  when: z.optional(z.string()),
});

const identifiedSchema = z.array(
  z.object({ name: z.string(), item: z.optional(z.int()), identity: z.string() }),
);

const places = z.pipe(
  z.object({ B: z.instanceof(Uint8Array) }),
  z.transform(({ B }) => readPlaces(B)),
);

function readPlaces(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch {
    return new Uint8Array();
  }
}

const progressSchema = z.object({
  mappingDigest: text,
  events: number,
  ended: places,
  putOff: z.optional(places),
  putOffUntil: z.optional(time),
  outOfTime: z.optional(number),
  looksBack: z.optional(truth),
  replay: z.optional(text),
});

/** Progress that cannot be read is none: it only saves work. */
function readProgress(item: Item): Progress | undefined {
  const { success, data } = progressSchema.safeParse(item);
  if (!success) return undefined;
  const { ended, putOff, putOffUntil: until, outOfTime = 0, ...facts } = data;
  return dropUndefined({
    ...facts,
    ended: createPlaces(facts.events, ended),
    putOff: putOff && until && { places: createPlaces(facts.events, putOff), until },
    outOfTime,
  }) as Progress;
}

/** Whether an item is a page of a webhook's identified events. */
export function isIdentifiedPage(item: Item): boolean {
  return 'identified' in item && !('takenAt' in item);
}

export function readIdentifiedPage(item: Item): readonly IdentifiedEvent[] {
  return (jsonText(identifiedSchema).parse(item.identified) ?? []) as readonly IdentifiedEvent[];
}

const intakeRecordSchema = z.object({
  webhookId: text,
  receivedAt: time,
  firstWebhookId: z.optional(text),
  firstReceivedAt: z.optional(time),
  takenAt: time,
  eventTypes: z.pipe(
    text,
    z.transform((types) => types.split('\n')),
  ),
  moreTypes: z.optional(number),
  bytes: number,
  /** The attribute's name is that of 0.1.0, whose items stay in the table. */
  secretSlot: z.optional(number),
  matched: jsonText(z.array(matchedSchema)),
  others: z.catch(number, 0),
  moreMatched: z.optional(number),
  identified: jsonText(identifiedSchema),
});

/** The intake record of an item, be it an entry or the record itself. Throws if it was not written here. */
export function readIntakeRecord(item: Item): IntakeRecord {
  const { firstWebhookId, firstReceivedAt, secretSlot, ...facts } = intakeRecordSchema.parse(item);
  return dropUndefined({
    ...facts,
    secretIndex: secretSlot,
    webhookId: firstWebhookId ?? facts.webhookId,
    receivedAt: firstReceivedAt ?? facts.receivedAt,
    matched: facts.matched ?? [],
    progress: readProgress(item),
  }) as IntakeRecord;
}

/** An entry may have none. */
function readCarriedIntakeRecord(item: Item): IntakeRecord | undefined {
  return 'takenAt' in item ? readIntakeRecord(item) : undefined;
}
