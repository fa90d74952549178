import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { fail, type Result, succeed } from '../result.ts';
import type { IdentityFailure } from './ingest-failure.ts';
import type { WebhookRequest } from './read-request.ts';
import type { Profile, Selector } from './signature-scheme.ts';

/** What happened, and the id under which it is the same fact however often it is told. */
export type Identity = { readonly eventType: string; readonly deduplicationId: string };

const bodySchema = z.record(z.string(), z.unknown());

/** Reads type and id of a webhook whose signature is verified; every body has to be JSON. */
export function identifyWebhook(
  profile: Profile,
  request: WebhookRequest,
): Result<Identity, IdentityFailure> {
  const body = parseBody(request.rawBody);
  if (!body.ok) return body;

  const eventType = select(profile.eventType, request, body.value);
  if (!eventType) return fail({ code: 'event-type-missing', where: describe(profile.eventType) });

  const deduplicationId = select(profile.deduplicationId, request, body.value);
  if (!deduplicationId) return fail({ code: 'event-id-missing', where: describe(profile.deduplicationId) });
  return succeed({ eventType, deduplicationId });
}

function parseBody(rawBody: Uint8Array): Result<Readonly<Record<string, unknown>>, IdentityFailure> {
  if (!isUtf8(rawBody)) return fail({ code: 'body-not-json' });
  try {
    // TextDecoder drops a byte order mark, which JSON.parse would refuse.
    const parsed = bodySchema.safeParse(JSON.parse(new TextDecoder().decode(rawBody)));
    return succeed(parsed.success ? parsed.data : {});
  } catch {
    return fail({ code: 'body-not-json' });
  }
}

function select(
  selector: Selector,
  { headers, rawBody }: WebhookRequest,
  body: Readonly<Record<string, unknown>>,
): string | undefined {
  if ('hashOf' in selector) return createHash('sha256').update(rawBody).digest('hex');
  const value = 'header' in selector ? headers.get(selector.header) : ownMember(body, selector.member);
  return typeof value === 'string' && isAttributeValue(value) ? value : undefined;
}

function ownMember(body: Readonly<Record<string, unknown>>, member: string): unknown {
  return Object.hasOwn(body, member) ? body[member] : undefined;
}

/** Type and id travel as SQS message attributes, which are short and have no control characters. */
function isAttributeValue(value: string): boolean {
  return /^[\u0020-\u007e]{1,256}$/.test(value);
}

function describe(selector: Selector): string {
  if ('header' in selector) return `the header ${selector.header}`;
  return 'member' in selector ? `the body's member "${selector.member}"` : 'the body';
}
