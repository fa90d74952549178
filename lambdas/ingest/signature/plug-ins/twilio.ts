import { createHash } from 'node:crypto';
import { parse, stringify } from 'node:querystring';
import { fail, type Result, succeed } from '../../../result.ts';
import { bodyFormatOf } from '../../../webhook-body.ts';
import { compileSignatureReader } from '../header.ts';
import { hashSigned } from '../keys.ts';
import type { HmacPlugIn, SignedRequest, VerificationFailure } from '../verification.ts';
import { readUnverifiedForm, writeSorted } from './unverified-body.ts';

const readSignatures = compileSignatureReader({
  signature: { header: 'x-twilio-signature' },
  encoding: 'base64',
});

/**
 * A callback is about one message or call. Its longest documented parameter, a conversation's attributes, has 16 KB, which
 * escapes make three times as long.
 */
const MAX_FORM_BYTES = 256 * 1024;

/** The query parameter that binds a body that is not a form. */
export const BODY_HASH = 'bodySHA256';

/**
 * Twilio: `X-Twilio-Signature: <base64 HMAC-SHA1>`. A form is signed as the URL followed by its parameters, sorted; any
 * other body is bound by its hash in the URL's `bodySHA256`. Which spelling of the URL was signed is not documented, so
 * that Twilio's own SDKs try it with and without the port, as received and escaped.
 * Source: https://www.twilio.com/docs/usage/security, npm `twilio` lib/webhooks/webhooks.js.
 */
export const twilio: HmacPlugIn = {
  algorithm: 'sha1',
  encoding: 'base64',
  secretEncoding: 'utf8',
  readSigned: (request) => {
    const { url } = request;
    if (url === undefined) return fail({ code: 'public-url-missing' });
    const signatures = readSignatures(request);
    if (!signatures.ok) return signatures;
    const parameters = readParameters(request);
    if (!parameters.ok) return parameters;
    const variants = spellingsOf(url).map((spelling) => () => [spelling, parameters.value]);
    return succeed([{ signatures: signatures.value, variants }]);
  },
  identify: hashSigned,
};

/** What follows the URL in the signed text: a form's parameters, or nothing where the URL holds the body's hash. */
function readParameters({ query, headers, rawBody }: SignedRequest): Result<string, VerificationFailure> {
  const hash = new URLSearchParams(query).get(BODY_HASH);
  if (hash !== null) {
    const isSame = createHash('sha256').update(rawBody).digest('hex') === hash;
    return isSame ? succeed('') : fail({ code: 'body-hash-differs', parameter: BODY_HASH });
  }
  const contentType = headers.get('content-type') ?? 'application/x-www-form-urlencoded';
  if (bodyFormatOf(contentType, rawBody) !== 'form') {
    return fail({ code: 'missing-query-parameter', parameter: BODY_HASH });
  }
  const form = readUnverifiedForm(rawBody, MAX_FORM_BYTES);
  return form.ok ? succeed(writeTwilioForm(form.value)) : form;
}

/** A form's parameters as Twilio signs them: values of one name are sorted, and each counts once. */
export function writeTwilioForm(form: ReadonlyMap<string, readonly string[]>): string {
  const once = [...form].map(([name, values]) => [name, [...new Set(values)].sort()] as const);
  return writeSorted(new Map(once));
}

/** Every way in which Twilio may have written the URL, the one that was given first. */
function spellingsOf(url: string): readonly string[] {
  const escaped = URL.canParse(url) ? new URL(url).href : url;
  const queries = [url, escaped].flatMap((one) => [one, withPlainQuery(one), withUnescapedQuery(one)]);
  return [...new Set(queries.flatMap((one) => [one, withPort(one), withoutPort(one)]))];
}

/** The query as Twilio's SDK for Node writes it anew: of what can be escaped, `!'()*` stand for themselves. */
function withPlainQuery(url: string): string {
  const [, path, query = ''] = /^([^?]*\?)(.+)$/s.exec(url) ?? [];
  return path === undefined
    ? url
    : `${path}${stringify(parse(query.toWellFormed(), '&', '=', { maxKeys: 0 }))}`;
}

/** The query with nothing escaped, for a sender or a proxy on the way that escapes it after it was signed. */
function withUnescapedQuery(url: string): string {
  const [, path, query = ''] = /^([^?]*\?)(.+)$/s.exec(url) ?? [];
  if (path === undefined) return url;
  try {
    return `${path}${decodeURIComponent(query)}`;
  } catch {
    // Not every `%` of a query is an escape of UTF-8.
    return url;
  }
}

function withPort(url: string): string {
  return url.replace(/^(https?):\/\/([^/?#]*)/, (all, scheme: string, authority: string) =>
    /:\d+$/.test(authority) ? all : `${all}:${scheme === 'https' ? 443 : 80}`,
  );
}

function withoutPort(url: string): string {
  return url.replace(/^(https?:\/\/[^/?#]*?):\d+(?=[/?#]|$)/, '$1');
}
