import * as z from 'zod';

/** What the body of an answer says. Neither member is there when it is not a JSON object of the known shape. */
export type AnswerBody = {
  /** The failure code as text, whether it came as a number or as text (webex-facts.md, 2.2.2). */
  readonly code?: string;
  /** Proof that the event was accepted for processing. */
  readonly transactionId?: string;
};

/** Flat, and open: the vendor may add members, and `description` is left unread since it may quote the customer. */
const answerSchema = z.object({
  code: z
    .union([z.string(), z.number()])
    .transform((code) => String(code).trim())
    .optional()
    .catch(undefined),
  'transaction-id': z.string().trim().min(1).optional().catch(undefined),
});

/** Reads an answer's body: an empty, HTML or unknown one simply says nothing. */
export function readAnswer(text: string): AnswerBody {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return {};
  }
  const parsed = answerSchema.safeParse(value);
  if (!parsed.success) return {};
  const { code, 'transaction-id': transactionId } = parsed.data;
  return { ...(code !== undefined && { code }), ...(transactionId !== undefined && { transactionId }) };
}
