import { fail, succeed } from '../../../result.ts';
import { compileSignatureReader } from '../header.ts';
import { readForm, writeSorted } from './form-parameters.ts';
import type { PlugIn } from './plug-in.ts';

const readSignatures = compileSignatureReader({
  signature: { header: 'x-mandrill-signature' },
  encoding: 'base64',
});

/**
 * Mandrill (Mailchimp Transactional): `X-Mandrill-Signature: <base64 HMAC-SHA1>` over the URL, followed by the form's
 * parameters sorted by name.
 * Source: https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/#authenticating-webhook-requests.
 */
export const mandrill: PlugIn = {
  algorithm: 'sha1',
  encoding: 'base64',
  secretEncoding: 'utf8',
  readSigned: ({ url, headers, rawBody }) => {
    if (url === undefined) return fail({ code: 'public-url-missing' });
    const signatures = readSignatures(headers);
    if (!signatures.ok) return signatures;
    const content = [url, writeSorted(readForm(rawBody))];
    return succeed([{ signatures: signatures.value, variants: [() => content] }]);
  },
};
