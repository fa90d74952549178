import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as z from 'zod/mini';
import {
  expiryOf,
  INTAKE_RECORD_PREFIX,
  type IntakeRecord,
  type LedgerEntry,
  lastCallOf,
  type PastAttempt,
} from '../deliver/ledger/entry.ts';
import { parseJson } from '../parse-json.ts';

/** An item as DynamoDB's client has it. */
export type Item = Record<string, AttributeValue>;

/** Attributes before they are written; an `undefined` one is left out. */
type Attributes = Readonly<Record<string, string | number | boolean | Date | undefined>>;

/** Writes attributes flat, as a person reads them in the console: texts, numbers, times in ISO 8601. */
export function writeAttributes(attributes: Attributes): Item {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, writeAttribute(value)]],
    ),
  );
}

function writeAttribute(value: string | number | boolean | Date): AttributeValue {
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
  const { expiresAt, answer, parameters, history, intakeRecord, firstAttemptAt, ...facts } = entry;
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
  isUnsure: z.optional(
    z.pipe(
      z.object({ BOOL: z.literal(true) }),
      z.transform(() => true as const),
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
  const { webhookId, receivedAt, takenAt } = intakeRecord;
  return writeAttributes({
    webhook,
    event: `${INTAKE_RECORD_PREFIX}${webhookId}`,
    webhookId,
    receivedAt,
    ...factsOf(intakeRecord),
    expiresAt: writeExpiry(expiryOf(takenAt)),
  });
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

function factsOf({ takenAt, eventTypes, bytes, secretIndex, matched, others }: IntakeRecord): Attributes {
  const counted = matched.map(({ made, rejected, ...event }) => ({
    ...event,
    ...(made > 0 && { made }),
    ...(rejected > 0 && { rejected }),
  }));
  return {
    takenAt,
    eventTypes: eventTypes.join('\n'),
    bytes,
    secretSlot: secretIndex,
    matched: JSON.stringify(counted),
    others,
  };
}

const matchedSchema = z.object({
  event: z.string(),
  made: z._default(z.int(), 0),
  rejected: z._default(z.int(), 0),
  skipped: z.optional(z.enum(['when-not-met', 'no-items'])),
  when: z.optional(z.string()),
});

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
  bytes: number,
  /** The attribute's name is that of 0.1.0, whose items stay in the table. */
  secretSlot: z.optional(number),
  matched: jsonText(z.array(matchedSchema)),
  others: z.catch(number, 0),
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
  }) as IntakeRecord;
}

/** An entry may have none. */
function readCarriedIntakeRecord(item: Item): IntakeRecord | undefined {
  return 'takenAt' in item ? readIntakeRecord(item) : undefined;
}
