import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { profileOf, type Recipe, readFacts, readRecipes, vendorPage } from '../../bin/vendors.ts';
import type { BufferedWebhook } from '../../lambdas/buffer/message.ts';
import { answerReceived } from '../../lambdas/ingest/answer.ts';
import { answerFailure } from '../../lambdas/ingest/failure-answer.ts';
import { receiveWebhook } from '../../lambdas/ingest/receive.ts';
import { PROFILE_NAMES } from '../../lambdas/ingest/signature/profiles/profiles.ts';
import { succeed } from '../../lambdas/result.ts';
import { warnOfOpenHandshakes } from '../../lib/mapping/examples/doubts.ts';
import { parseMappingFile } from '../../lib/mapping/file.ts';
import { AT, REQUESTS, URL_OF_RECIPE, type VendorRequest } from './vendor-requests.ts';

const PROMISED =
  'Linear Sentry Jira PagerDuty Webflow Tally Telnyx Discord Twitch Trello Vercel Customer.io Authorize.net Worldpay Airwallex Chargify ' +
  'Dropbox Okta Asana Notion Box Front Sanity Microsoft';

type Sent = {
  readonly method: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** What ingest answers to a request under a recipe's options, and what it puts on the buffer. */
async function ask(recipe: Recipe, secret: string, { method, query, headers, body }: Sent) {
  const buffered: BufferedWebhook[] = [];
  const profile = profileOf(recipe);
  const source = { source: 'acme', secret: 's', profile, eventTypes: ['*'], mappedHeaders: [] };
  const names = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  const { received } = await receiveWebhook(
    {
      rawPath: '/webhooks/acme',
      rawQueryString: query,
      headers: Object.fromEntries(names),
      body,
      isBase64Encoded: false,
      requestContext: { requestId: 'r1', http: { method } },
    },
    AT,
    {
      sources: new Map([['acme', source]]),
      publicUrl: URL_OF_RECIPE.replace('/webhooks/acme', ''),
      signingSecrets: {
        read: async () => succeed({ signingSecrets: ['another secret', secret] }),
        reread: async () => undefined,
      },
      putOnBuffer: async (webhook) => {
        buffered.push(webhook);
        return succeed(undefined);
      },
    },
  );
  const answer = received.ok
    ? answerReceived(received.value, profile.acknowledge)
    : answerFailure(received.failure, profile.acknowledge);
  return { ...answer, buffered };
}

function sentOf({ body, headers, contentType = 'application/json' }: VendorRequest): Sent {
  return { method: 'POST', query: '', headers: { 'Content-Type': contentType, ...headers }, body };
}

function requestOf({ vendor }: Recipe): VendorRequest {
  const request = REQUESTS[vendor];
  if (request === undefined) throw new Error(`There is no request of ${vendor}.`);
  return request;
}

const recipes = readRecipes();

describe.each(recipes.map((recipe) => [recipe.vendor, recipe] as const))('the recipe of %s', (_, recipe) => {
  const request = requestOf(recipe);

  test('takes a webhook that is signed as the vendor documents it', async () => {
    const { statusCode, buffered } = await ask(recipe, request.secret, sentOf(request));

    expect([statusCode, buffered]).toMatchObject([
      200,
      [
        {
          eventTypes: request.types,
          deduplicationId: request.id ?? createHash('sha256').update(request.body).digest('hex'),
        },
      ],
    ]);
  });

  test('refuses it by another secret, without a signature, and (where it is signed) with another body', async () => {
    const sent = sentOf(request);
    const isInBody = Object.keys(request.headers).length === 0;
    const unsigned = { ...sent, headers: { 'Content-Type': sent.headers['Content-Type'] ?? '' } };
    const changed = { ...sent, body: `${sent.body} ` };
    const refused = [
      await ask(recipe, 'b'.repeat(64), sent),
      ...(isInBody ? [] : [await ask(recipe, request.secret, unsigned)]),
      ...(request.isBodyUnsigned ? [] : [await ask(recipe, request.secret, changed)]),
    ];

    expect(refused.map(({ buffered }) => buffered)).toEqual(refused.map(() => []));
    expect(refused.filter(({ statusCode }) => ![401, 503].includes(statusCode))).toEqual([]);
  });

  test('stands in a mapping file as it is, without a warning', () => {
    const event = `{ name: told, on: ${request.types[0]}, event-id: evt_1, event-key: ann }`;
    const text = `source: acme\n${recipe.options}secret: webhooks/acme\nevents:\n  - ${event}\n`;
    const file = parseMappingFile('mapping.yaml', text, { folder: 'acme' });

    expect(file).toMatchObject({ ok: true, value: { profile: profileOf(recipe) } });
    expect(file.ok && warnOfOpenHandshakes(file.value, [])).toEqual([]);
  });

  test('answers what the vendor sends to try the endpoint', async () => {
    for (const { method = 'POST', query = '', headers = {}, body = '', answer } of request.handshakes ?? []) {
      const answered = await ask(recipe, request.secret, { method, query, headers, body });

      expect(answered).toMatchObject({ ...answer, buffered: [] });
    }
    expect(request.handshakes?.length ?? 0).toBe(profileOf(recipe).handshakes.length);
  });
});

test('there is a recipe for every vendor that was promised, and a request for each recipe', () => {
  const vendors = recipes.map(({ vendor }) => vendor);

  expect(PROMISED.split(' ').filter((name) => !vendors.some((vendor) => vendor.startsWith(name)))).toEqual(
    [],
  );
  expect(Object.keys(REQUESTS).toSorted()).toEqual(vendors.toSorted());
});

test('docs/vendors/profiles.yaml has every profile, and no other', () => {
  expect(Object.keys(readFacts()).toSorted()).toEqual(PROFILE_NAMES.toSorted());
});

test('docs/vendors.md is current: npm run vendors writes it', () => {
  expect(readFileSync('docs/vendors.md', 'utf8')).toBe(`${vendorPage()}\n`);
});

test('every profile has a published vector, one of its own library, or one that is marked as made', () => {
  const { vectors } = z
    .object({ vectors: z.array(z.object({ profile: z.string(), expected: z.string() })) })
    .parse(JSON.parse(readFileSync('samples/vectors.json', 'utf8')));
  const valid = vectors.filter(({ expected }) => expected === 'valid').map(({ profile }) => profile);

  expect(PROFILE_NAMES.filter((name) => !valid.includes(name) && !IN_OTHER_TESTS.includes(name))).toEqual([]);
});

/** Before the vectors had to be there: judged by the vendor's library, or signed in test/lambdas/ingest. */
const IN_OTHER_TESTS: readonly string[] = (
  'adyen-platform adyen-standard bigcommerce calendly chargebee github-sha1 gitlab gocardless hubspot-v1 hubspot-v3 intercom klaviyo line ' +
  'mailchimp mailgun mandrill meta razorpay recurly segment sendgrid square typeform wise woocommerce workos zendesk'
).split(' ');
