import * as z from 'zod/mini';
import { fail, succeed } from '../../../result.ts';
import { parseBody } from '../../../webhook-body.ts';
import { decodeBytes } from '../keys.ts';
import type { PlugIn } from './plug-in.ts';

const bodySchema = z.object({
  signature: z.object({
    timestamp: z.pipe(z.union([z.string(), z.number()]), z.transform(String)),
    token: z.string().check(z.minLength(1)),
    signature: z.string(),
  }),
});

/**
 * Mailgun: the body's `signature` holds `timestamp`, `token` and the hex HMAC-SHA256 of the two. It proves where the
 * three come from, and nothing about the rest of the body. That is why the token is the deduplication id: an attacker who
 * has caught a webhook can change its body, but cannot get it delivered twice.
 * Source: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks.
 */
export const mailgun: PlugIn = {
  algorithm: 'sha256',
  encoding: 'hex',
  secretEncoding: 'utf8',
  readSigned: ({ rawBody }) => {
    const json = parseBody(rawBody, 'json');
    const body = bodySchema.safeParse(json.ok ? json.value : undefined);
    if (!body.success) {
      return fail({ code: 'malformed-member', member: '/signature', form: '{timestamp, token, signature}' });
    }
    const { timestamp, token, signature } = body.data.signature;
    const bytes = decodeBytes(signature, 'hex');
    if (bytes === undefined)
      return fail({ code: 'malformed-member', member: '/signature/signature', form: 'hex' });
    return succeed([{ signatures: [bytes], variants: [() => [timestamp, token]] }]);
  },
};
