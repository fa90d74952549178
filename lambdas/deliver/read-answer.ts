import * as z from 'zod/mini';
import { parseJson } from '../parse-json.ts';

/** What the body of an answer says. Neither member is there when it is not a JSON object of the known shape. */
export type AnswerBody = {
  /** The failure code as text, whether it came as a number or as text (webex-facts.md, 2.2.2). */
  readonly code?: string;
  /** Proof that the event was accepted for processing. */
  readonly transactionId?: string;
};

/** The members of an answer that prove success: the one that the vendor's sibling API documents (webex-facts.md, 2.1). */
export const SUCCESS_ID_FIELDS: readonly string[] = ['transaction-id'];

/** Stands for a code that no table of the vendor's could hold. It is not quoted: it may be a value of the customer's. */
const UNREADABLE_CODE = 'unreadable';

/** Flat, and open: the vendor may add members. */
const answerSchema = z.record(z.string(), z.unknown());

/**
 * Reads an answer's body: an empty, HTML or unknown one simply says nothing.
 * @param successIdFields names of the members that prove success, any one of them
 */
export function readAnswer(text: string, successIdFields: readonly string[]): AnswerBody {
  const parsed = answerSchema.safeParse(parseJson(text));
  if (!parsed.success) return {};
  const { data } = parsed;
  const code = readCode(data.code);
  const transactionId = successIdFields.map((field) => readId(data[field])).find((id) => id !== undefined);
  return { ...(code !== undefined && { code }), ...(transactionId !== undefined && { transactionId }) };
}

/** What the vendor says of a failure in words. It may quote the customer: nothing of it is kept unmasked. */
export function readDescription(text: string): string | undefined {
  const { description } = answerSchema.safeParse(parseJson(text)).data ?? {};
  return typeof description === 'string' ? description : undefined;
}

/** A blank code is none. One of another kind than the documented ones is a code all the same: it denies success. */
function readCode(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text =
    typeof value === 'string' || typeof value === 'number' ? String(value).trim() : UNREADABLE_CODE;
  if (text === '') return undefined;
  return /^\d{1,6}$/.test(text) ? text : UNREADABLE_CODE;
}

/** Text that is not blank. The word "null" is no id either: the vendor's systems write it for what is missing. */
function readId(value: unknown): string | undefined {
  const id = typeof value === 'string' ? value.trim() : '';
  return id === '' || id.toLowerCase() === 'null' ? undefined : id;
}
