import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ledgerKey } from '../../../lambdas/deliver/ledger/entry.ts';
import { identifyWebhook } from '../../../lambdas/ingest/identity.ts';
import { findProfile, PROFILE_NAMES } from '../../../lambdas/ingest/signature/profiles/profiles.ts';
import { uncoveredBody } from '../../../lambdas/ingest/signature/scheme.ts';
import type { EventTypeSelector, Profile } from '../../../lambdas/ingest/source.ts';
import { type CompiledMapping, compileMapping, eventsOf } from '../../../lambdas/map/webhook.ts';
import { parseBody } from '../../../lambdas/webhook-body.ts';
import { setMembers } from '../../../lib/mapping/examples/example.ts';
import { foldersOf, readExamples, readFolder } from '../../../lib/mapping/folders.ts';
import { resolveMapping } from '../../../lib/mapping/schema.ts';
import { compiledMapping } from './compiled-mapping.ts';

// For every profile and every shipped mapping: no retry of the vendor changes a key in the ledger, and no two facts share one.

type Headers = Readonly<Record<string, string>>;
type Sent = { readonly body: string; readonly headers?: Headers };

/** The keys in the ledger of what a webhook would have Webex Campaign called with, in the order of the list. */
async function keysOf(profile: Profile, mapping: CompiledMapping, { body, headers = {} }: Sent) {
  const rawBody = Buffer.from(body);
  const identified = identifyWebhook(profile, { headers: new Map(Object.entries(headers)), rawBody });
  if (!identified.ok) throw new Error(identified.failure.code);
  const { eventTypes, deduplicationId, bodyFormat } = identified.value;
  const parsed = parseBody(rawBody, bodyFormat, { form: profile.form });
  const webhook = { source: 'shop', headers, receivedAt: '', body: parsed.ok ? parsed.value : undefined };
  const pending = await eventsOf(mapping, { ...webhook, eventTypes });
  const mapped = await Promise.all(pending.map(({ map }) => map()));
  return mapped.flatMap((event) => {
    const key = ledgerKey({ source: 'shop', deduplicationId }, event);
    return event.kind === 'event' ? [`${key.webhook} ${key.event}`] : [];
  });
}

function profileOf(name: string): Profile {
  const profile = findProfile(name);
  if (profile === undefined) throw new Error(name);
  return profile;
}

const EVERY_EVENT = { name: 'told', on: '*', 'event-id': 'evt_1', 'event-key': 'ann' };

/** Few values, and the marks by which ids are joined, so that what could be alike soon is. */
const id = fc.oneof(
  fc.constantFrom('a', 'b', 'a:b', ':', 'b,a', '%', '%3A', 'é'),
  fc.string({ minLength: 1 }),
);
const few = fc.constantFrom('a', 'b');
const number = fc.integer({ min: 0, max: 2 });

type Fact = Readonly<Record<string, unknown>>;

/** How a vendor sends batches. */
type Batch = {
  readonly profile: string;
  /** The members that the vendor names a fact by. */
  readonly fact: fc.Arbitrary<Fact>;
  /** How a mapping finds the items. */
  readonly items: readonly string[];
  /** The body of the nth delivery; whatever else an item has may differ. */
  readonly wrap: (items: readonly Fact[], attempt: number) => string;
};

const HUBSPOT: Omit<Batch, 'profile'> = {
  fact: fc.oneof(
    fc.record({ subscriptionId: number, objectId: number, occurredAt: number, eventId: number }),
    fc.record({
      subscriptionId: number,
      fromObjectId: number,
      toObjectId: number,
      occurredAt: number,
      eventId: number,
    }),
  ),
  items: ["{% $[subscriptionType = 'a'] %}", '{% $ %}'],
  wrap: (items, attemptNumber) =>
    JSON.stringify(items.map((item) => ({ ...item, subscriptionType: 'a', attemptNumber }))),
};

const whatsapp = (member: string, items: readonly Fact[]) =>
  JSON.stringify({
    object: 'o',
    entry: [{ id: 'a', changes: [{ field: 'f', value: { [member]: items } }] }],
  });

const BATCHES: Readonly<Record<string, Batch>> = {
  'hubspot-v3': { profile: 'hubspot-v3', ...HUBSPOT },
  'hubspot-v1': { profile: 'hubspot-v1', ...HUBSPOT },
  line: {
    profile: 'line',
    fact: fc.record({ webhookEventId: id }),
    items: ['{% events %}'],
    wrap: (items, attempt) =>
      JSON.stringify({
        destination: 'd',
        events: items.map((item) => ({
          type: 'follow',
          ...item,
          deliveryContext: { isRedelivery: attempt > 0 },
        })),
      }),
  },
  sendgrid: {
    profile: 'sendgrid',
    fact: fc.record({ sg_event_id: id }),
    items: ["{% $[event = 'open'] %}"],
    wrap: (items) => `${JSON.stringify(items.map((item) => ({ event: 'open', ...item })))}\r\n`,
  },
  gocardless: {
    profile: 'gocardless',
    fact: fc.record({ id }),
    items: ['{% events %}'],
    wrap: (items, attempt) =>
      JSON.stringify({
        events: items.map((item) => ({ resource_type: 'payments', action: 'paid_out', ...item })),
        meta: { webhook_id: `WB${attempt}` },
      }),
  },
  klaviyo: {
    profile: 'klaviyo',
    fact: fc.record({ external_id: id }),
    items: ['{% data %}'],
    wrap: (items, attempt) =>
      JSON.stringify({
        data: items.map((item) => ({ topic: 'event:klaviyo.sent_sms', ...item })),
        meta: { timestamp: `2026-11-24T12:00:0${attempt}Z` },
      }),
  },
  'adyen-standard': {
    profile: 'adyen-standard',
    fact: fc.record({ pspReference: few, eventCode: id, success: fc.constantFrom('true', 'false') }),
    items: ['{% notificationItems %}', '{% notificationItems.NotificationRequestItem %}'],
    wrap: (items) =>
      JSON.stringify({ notificationItems: items.map((item) => ({ NotificationRequestItem: item })) }),
  },
  mandrill: {
    profile: 'mandrill',
    fact: fc.oneof(
      fc.record({ _id: few, event: fc.constant('click'), ts: number, url: few, ip: few }),
      fc.record({ _id: few, event: fc.constant('open'), ts: number, ip: few }),
      fc.record({ _id: few, event: fc.constantFrom('send', 'spam'), ts: number }),
    ),
    items: ['{% mandrill_events %}'],
    wrap: (items) => new URLSearchParams({ mandrill_events: JSON.stringify(items) }).toString(),
  },
  xero: {
    profile: 'xero',
    fact: fc.record({
      tenantId: few,
      resourceId: id,
      eventCategory: few,
      eventType: few,
      eventDateUtc: few,
    }),
    items: ['{% events %}'],
    wrap: (events, attempt) => JSON.stringify({ events, firstEventSequence: 1, entropy: `${attempt}` }),
  },
  quickbooks: {
    profile: 'quickbooks',
    fact: fc.record({ source: few, id }),
    items: ["{% $[type = 'qbo.invoice.created.v1'] %}"],
    wrap: (items) =>
      JSON.stringify(items.map((item) => ({ specversion: '1.0', type: 'qbo.invoice.created.v1', ...item }))),
  },
  'meta: states of WhatsApp': {
    profile: 'meta',
    fact: fc.record({ id, status: fc.constantFrom('sent', 'read'), timestamp: id }),
    items: ['{% entry.changes.value.statuses %}'],
    wrap: (items) => whatsapp('statuses', items),
  },
  'meta: messages of WhatsApp': {
    profile: 'meta',
    fact: fc.record({ id, from: id, timestamp: id }),
    items: ['{% entry.changes.value.messages %}'],
    wrap: (items) => whatsapp('messages', items),
  },
  'meta: leads': {
    profile: 'meta',
    fact: fc.record({ leadgen_id: id }),
    items: ['{% entry.changes %}'],
    wrap: (items) =>
      JSON.stringify({
        object: 'page',
        entry: items.map((value) => ({ id: 'a', changes: [{ field: 'leadgen', value }] })),
      }),
  },
  'meta: Messenger': {
    profile: 'meta',
    fact: fc.record({ mid: id }),
    items: ['{% entry.messaging %}'],
    wrap: (items) =>
      JSON.stringify({ object: 'page', entry: [{ messaging: items.map((message) => ({ message })) }] }),
  },
};

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Facts, and how a retry cuts them: the order of all, and the lengths of the batches. */
const retried = ({ fact }: Batch) =>
  fc
    .uniqueArray(fact, {
      minLength: 1,
      maxLength: 8,
      selector: (one) => JSON.stringify(Object.entries(one).sort()),
    })
    .chain((facts) =>
      fc.record({
        facts: fc.constant(facts),
        order: fc.shuffledSubarray([...facts.keys()], { minLength: facts.length }),
        cuts: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 8, maxLength: 8 }),
      }),
    );

function cut(order: readonly number[], lengths: readonly number[]): readonly (readonly number[])[] {
  const [length = 8, ...more] = lengths;
  return order.length === 0 ? [] : [order.slice(0, length), ...cut(order.slice(length), more)];
}

describe.each(Object.entries(BATCHES))('a batch of %s', (_, batch) => {
  const profile = profileOf(batch.profile);
  const headers: Headers = batch.profile === 'mandrill' ? FORM : {};
  const send = (items: string, facts: readonly Fact[], attempt: number) =>
    keysOf(profile, compiledMapping([{ ...EVERY_EVENT, items }], {}, profile), {
      body: batch.wrap(facts, attempt),
      headers,
    });

  test.each(batch.items)(
    'found by %s that is cut, ordered and counted otherwise has the same identities, a fact one',
    async (items) => {
      await fc.assert(
        fc.asyncProperty(retried(batch), async ({ facts, order, cuts }) => {
          const first = await send(items, facts, 0);
          expect(new Set(first).size).toBe(facts.length);

          for (const [attempt, part] of cut(order, cuts).entries()) {
            const again = await send(
              items,
              part.map((index) => facts[index] ?? {}),
              attempt + 1,
            );
            expect(again).toEqual(part.map((index) => first[index]));
          }
        }),
        { numRuns: 60 },
      );
    },
  );
});

const singles = PROFILE_NAMES.filter((name) => profileOf(name).itemId === undefined);

/** A webhook of a profile in which the members that name the fact have these values. */
function single({ eventType, deduplicationId }: Profile, names: readonly string[]): Sent {
  const places = [
    ...eventType.map((selector) => [selector, 'type'] as const),
    ...deduplicationId.map((selector, index) => [selector, names[index] ?? ''] as const),
  ];
  const body = { deep: names } as Record<string, unknown>;
  for (const [selector, value] of places)
    for (const pointer of bodyOf(selector)) setMember(body, pointer, value);
  return {
    body: JSON.stringify(body),
    headers: Object.fromEntries(
      places.flatMap(([selector, value]) => ('header' in selector ? [[selector.header, value]] : [])),
    ),
  };
}

function bodyOf(selector: EventTypeSelector): readonly string[] {
  return 'body' in selector ? [selector.body].flat().slice(0, 1) : [];
}

function setMember(body: Record<string, unknown>, pointer: string, value: string): void {
  const names = pointer.split('/').slice(1);
  const last = names.pop() ?? '';
  let at = body;
  for (const name of names) {
    at[name] ??= {};
    at = at[name] as Record<string, unknown>;
  }
  at[last] = value;
}

describe.each(singles)('a webhook of %s', (name) => {
  const profile = profileOf(name);
  const mapping = compiledMapping([EVERY_EVENT]);
  const plain = fc.stringMatching(/^[\w-]{1,6}$/);
  const names = fc.array(plain, { minLength: 2, maxLength: 2 });

  test('that is sent again has the same identity, whatever stands in headers that are not signed', async () => {
    await fc.assert(
      fc.asyncProperty(names, plain, async (fact, other) => {
        const sent = single(profile, fact);
        const again = {
          ...sent,
          headers: { ...sent.headers, 'x-attempt': other, 'webhook-timestamp': other },
        };

        expect(await keysOf(profile, mapping, again)).toEqual(await keysOf(profile, mapping, sent));
      }),
      { numRuns: 20 },
    );
  });

  test('has another identity than that of another fact', async () => {
    // A profile names a fact by so many members; without any, by the whole body.
    const count = profile.deduplicationId.length || 2;
    await fc.assert(
      fc.asyncProperty(names, names, async (one, other) => {
        fc.pre(String(one.slice(0, count)) !== String(other.slice(0, count)));
        const [key] = await keysOf(profile, mapping, single(profile, one));

        expect(await keysOf(profile, mapping, single(profile, other))).not.toContain(key);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a profile', () => {
  const isBatch = ({ eventType }: Profile) =>
    eventType.some(
      (selector) => 'body' in selector && [selector.body].flat().some((one) => one.includes('*')),
    );

  test.each(PROFILE_NAMES.filter((name) => isBatch(profileOf(name))))(
    'of a vendor that sends batches says what names an item: %s',
    (name) => {
      expect(profileOf(name).itemId).toBeDefined();
      expect(Object.values(BATCHES).map(({ profile }) => profile)).toContain(name);
    },
  );

  test.each(PROFILE_NAMES)('takes the id of a fact from what is signed: %s', (name) => {
    const { signature, deduplicationId, itemId } = profileOf(name);
    const headers = deduplicationId.flatMap((selector) => ('header' in selector ? [selector.header] : []));
    const signed = 'id' in signature && signature.id !== undefined ? [signature.id.header] : [];

    expect(headers.filter((header) => !signed.includes(header))).toEqual([]);
    expect(itemId !== undefined && uncoveredBody(signature)).toBeFalsy();
  });
});

const MAPPINGS = 'mappings';

/** What makes another fact of an example of a source. */
const ANOTHER: Readonly<Record<string, (sent: Sent) => Sent>> = {
  github: ({ body, headers }) => ({ body: setMembers(body, { '/other': 1 }), headers: headers ?? {} }),
  hubspot: ({ body }) => ({ body: body.replaceAll(/("?occurredAt"?:\s*)\d/g, '$19') }),
  resend: ({ body, headers }) => ({ body, headers: { ...headers, 'svix-id': 'msg_other' } }),
  shopify: ({ body, headers }) => ({
    body: setMembers(body, { '/admin_graphql_api_id': 'gid://shopify/Order/1' }),
    headers: headers ?? {},
  }),
  stripe: ({ body }) => ({ body: setMembers(body, { '/id': 'evt_other' }) }),
  woocommerce: ({ body, headers }) => ({ body: setMembers(body, { '/id': 1 }), headers: headers ?? {} }),
};

describe.each(foldersOf(MAPPINGS))('the shipped mapping of %s', (source) => {
  const file = readFolder(`${MAPPINGS}/${source}`, source);
  if (!file.ok) throw new Error(source);
  const mapping = compileMapping(resolveMapping(file.value, 'dev'));
  const { profile } = file.value;
  const examples = readExamples(`${MAPPINGS}/${source}`, source).examples.flatMap(({ name, webhook }) => {
    const headers = Object.fromEntries(webhook.headers);
    const sent = { body: Buffer.from(webhook.rawBody).toString('utf8'), headers };
    const isRead = identifyWebhook(profile, webhook).ok && /^\s*[{[]/.test(sent.body);
    return isRead ? [[name, sent] as const] : [];
  });

  test.each(examples)('keeps the identities of %s when it is sent again', async (_, sent) => {
    const body = sent.body.replaceAll(/("?attemptNumber"?:\s*)\d/g, '$17');
    const again = { body, headers: { ...sent.headers, 'x-attempt': '7' } };

    expect(await keysOf(profile, mapping, again)).toEqual(await keysOf(profile, mapping, sent));
  });

  test.each(examples)('gives another fact than %s other identities', async (_, sent) => {
    const keys = await keysOf(profile, mapping, sent);
    const others = await keysOf(profile, mapping, ANOTHER[source]?.(sent) ?? sent);

    expect(keys.filter((key) => others.includes(key))).toEqual([]);
  });
});
