import { fail, succeed } from '../../../result.ts';
import { compileSignatureReader } from '../header.ts';
import { hashSigned } from '../keys.ts';
import type { HmacPlugIn } from '../verification.ts';
import { readUnverifiedForm, writeSorted } from './unverified-body.ts';

const readSignatures = compileSignatureReader({
  signature: { header: 'x-mandrill-signature' },
  encoding: 'base64',
});

/** As much as Lambda hands over: Mandrill documents up to 1,000 events in a form ("Webhook Format"), and no size of them. */
const MAX_BYTES = 6 * 1024 * 1024;

/**
 * Mandrill (Mailchimp Transactional): `X-Mandrill-Signature: <base64 HMAC-SHA1>` over the URL, followed by the form's
 * parameters sorted by name.
 * Source: https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/#authenticating-webhook-requests.
 */
export const mandrill: HmacPlugIn = {
  algorithm: 'sha1',
  encoding: 'base64',
  secretEncoding: 'utf8',
  readSigned: (request) => {
    const { url, rawBody } = request;
    if (url === undefined) return fail({ code: 'public-url-missing' });
    const signatures = readSignatures(request);
    if (!signatures.ok) return signatures;
    const form = readUnverifiedForm(rawBody, MAX_BYTES);
    if (!form.ok) return form;
    const content = [url, writeSorted(form.value)];
    return succeed([{ signatures: signatures.value, variants: [() => content] }]);
  },
  identify: hashSigned,
};
