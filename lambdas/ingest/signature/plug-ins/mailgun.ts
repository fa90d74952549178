import * as z from 'zod/mini';
import { fail, succeed } from '../../../result.ts';
import { judgeAge } from '../header.ts';
import { decodeBytes } from '../keys.ts';
import type { HmacPlugIn } from '../verification.ts';
import { readUnverifiedJson } from './unverified-body.ts';

const bodySchema = z.object({
  signature: z.object({
    // Nothing separates the two where they are signed: ten digits are the timestamp, whatever follows is the token.
    timestamp: z.pipe(
      z.pipe(z.union([z.string(), z.number()]), z.transform(String)),
      z.string().check(z.regex(/^[0-9]{10}$/)),
    ),
    token: z.string().check(z.regex(/^[!-~]{1,128}$/)),
    signature: z.string(),
  }),
});

/** A webhook is of one event, of a few KB; most of a large one are the sender's own variables, which are headers of a mail. */
const MAX_BYTES = 256 * 1024;

/**
 * Mailgun repeats a webhook for eight hours, and does not document whether it signs it again. The ledger remembers the token
 * for 30 days: what is older than a day is a replay.
 */
const AGE = { toleranceSeconds: 86_400, futureToleranceSeconds: 300 };

/**
 * Mailgun: the body's `signature` holds `timestamp`, `token` and the hex HMAC-SHA256 of the two. It proves where the
 * three come from, and nothing about the rest of the body. That is why the token is the deduplication id, whatever the
 * profile says: an attacker who has caught a webhook can change its body, but cannot get it delivered twice.
 * Source: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks.
 */
export const mailgun: HmacPlugIn = {
  algorithm: 'sha256',
  encoding: 'hex',
  secretEncoding: 'utf8',
  readSigned: ({ rawBody, receivedAt }) => {
    const json = readUnverifiedJson(rawBody, MAX_BYTES);
    if (!json.ok) return json;
    const body = bodySchema.safeParse(json.value);
    if (!body.success) {
      const form = '{timestamp, token, signature}, the timestamp in seconds since 1970';
      return fail({ code: 'malformed-member', member: '/signature', form });
    }
    const { timestamp, token, signature } = body.data.signature;
    const bytes = decodeBytes(signature, 'hex');
    if (bytes === undefined)
      return fail({ code: 'malformed-member', member: '/signature/signature', form: 'hex' });
    const tooFar = judgeAge(AGE, Number(timestamp) * 1000, receivedAt);
    if (tooFar !== undefined) return fail(tooFar);
    return succeed([{ signatures: [bytes], variants: [() => [timestamp, token]] }]);
  },
  identify: ([content]) => String(content?.[1]),
};
