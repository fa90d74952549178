import { createHmac, generateKeyPairSync, sign } from 'node:crypto';

/** A request as a vendor's documentation describes it, signed without any code of this project. */
export type VendorRequest = {
  readonly secret: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType?: string;
  /** What it has to be known as. */
  readonly types: readonly string[];
  /** Its id; the hash of its body where it is missing. */
  readonly id?: string;
  /** A secret travels with it, and nothing is signed: a changed body cannot be told. */
  readonly isBodyUnsigned?: boolean;
  /** Requests by which the vendor tries the endpoint first, and what it expects. */
  readonly handshakes?: readonly VendorHandshake[];
};

type VendorHandshake = {
  readonly method?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly answer: {
    readonly statusCode: number;
    readonly body: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
};

export const AT = new Date('2026-11-24T09:30:00Z');
export const URL_OF_RECIPE = 'https://hooks.example.com/webhooks/acme';

const SECONDS = '1795512600';
const MILLISECONDS = '1795512600123';
const SECRET = 'a secret of the vendor';
const HEX_SECRET = '00112233445566778899aabbccddeeff';

const hmac = (
  text: string,
  form: 'hex' | 'base64' | 'base64url',
  algorithm = 'sha256',
  key: string | Buffer = SECRET,
) => createHmac(algorithm, key).update(text).digest(form);

const ED25519 = generateKeyPairSync('ed25519');
const rawKey = ED25519.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
const ed25519 = (text: string, form: 'hex' | 'base64') =>
  sign(null, Buffer.from(text), ED25519.privateKey).toString(form);

type Written = Omit<VendorRequest, 'body' | 'secret'> & { readonly secret?: string };

/** A body, and what is made of it. */
const request = (body: string, make: (body: string) => Written): VendorRequest => ({
  secret: SECRET,
  body,
  ...make(body),
});

/** By the vendor's name in docs/vendors/recipes.yaml. */
export const REQUESTS: Readonly<Record<string, VendorRequest>> = {
  Linear: request(
    '{"action":"create","type":"Issue","createdAt":"2026-11-24T09:29:58.1Z","data":{"id":"2174add1"},"webhookTimestamp":1795512600123}',
    (body) => ({
      headers: {
        'Linear-Signature': hmac(body, 'hex'),
        'Linear-Delivery': '234d1a4e',
        'Linear-Event': 'Issue',
      },
      types: ['Issue.create'],
      id: 'Issue:create:2174add1:2026-11-24T09:29:58.1Z',
    }),
  ),
  Sentry: request('{"action":"created","installation":{"uuid":"a"},"data":{"issue":{"id":"1"}}}', (body) => ({
    headers: {
      'Sentry-Hook-Resource': 'issue',
      'Sentry-Hook-Signature': hmac(body, 'hex'),
      'Request-ID': '1',
    },
    types: ['issue.created'],
  })),
  'Jira Cloud': request(
    '{"timestamp":1795512600123,"webhookEvent":"jira:issue_created","issue":{"id":"1"}}',
    (body) => ({
      headers: { 'X-Hub-Signature': `sha256=${hmac(body, 'hex')}` },
      types: ['jira:issue_created'],
    }),
  ),
  PagerDuty: request(
    '{"event":{"id":"01C1","event_type":"incident.triggered","data":{"id":"P1"}}}',
    (body) => ({
      headers: {
        'X-PagerDuty-Signature': `v1=${hmac(body, 'hex', 'sha256', 'an older secret')},v1=${hmac(body, 'hex')}`,
      },
      types: ['incident.triggered'],
      id: '01C1',
    }),
  ),
  Webflow: request(
    '{"triggerType":"form_submission","payload":{"id":"f1","data":{"Email":"ann@example.com"}}}',
    (body) => ({
      headers: {
        'X-Webflow-Timestamp': MILLISECONDS,
        'X-Webflow-Signature': hmac(`${MILLISECONDS}:${body}`, 'hex'),
      },
      types: ['form_submission'],
      id: 'form_submission:f1',
    }),
  ),
  Tally: request('{"eventId":"a4cb511e","eventType":"FORM_RESPONSE","data":{"fields":[]}}', (body) => ({
    headers: { 'Tally-Signature': hmac(body, 'base64') },
    types: ['FORM_RESPONSE'],
    id: 'a4cb511e',
  })),
  Telnyx: request(
    '{"data":{"event_type":"message.received","id":"b301ed3f"},"meta":{"attempt":1}}',
    (body) => ({
      secret: rawKey.toString('base64'),
      headers: {
        'Telnyx-Timestamp': SECONDS,
        'Telnyx-Signature-Ed25519': ed25519(`${SECONDS}|${body}`, 'base64'),
      },
      types: ['message.received'],
      id: 'b301ed3f',
    }),
  ),
  'Discord, webhook events': request(
    '{"version":1,"application_id":"1","type":1,"event":{"type":"APPLICATION_AUTHORIZED","timestamp":"2026-11-24T09:29:58"}}',
    (body) => ({
      secret: rawKey.toString('hex'),
      headers: discord(body),
      types: ['APPLICATION_AUTHORIZED'],
      handshakes: [
        {
          headers: discord('{"version":1,"application_id":"1","type":0}'),
          body: '{"version":1,"application_id":"1","type":0}',
          answer: { statusCode: 204, body: '' },
        },
      ],
    }),
  ),
  'Twitch EventSub': request(
    '{"subscription":{"id":"f1c2","type":"channel.follow"},"event":{"user_id":"1234"}}',
    (body) => ({
      headers: twitch(body, 'notification'),
      types: ['channel.follow'],
      id: 'e76c6bd4-55c9-4987-8304-da1588d8988b',
      handshakes: [
        {
          headers: twitch(
            '{"challenge":"pogchamp","subscription":{"type":"x"}}',
            'webhook_callback_verification',
          ),
          body: '{"challenge":"pogchamp","subscription":{"type":"x"}}',
          answer: { statusCode: 200, body: 'pogchamp' },
        },
      ],
    }),
  ),
  Trello: request('{"action":{"id":"51f9424b","type":"voteOnCard"},"model":{"id":"4d5e"}}', (body) => ({
    headers: { 'X-Trello-Webhook': hmac(`${body}${URL_OF_RECIPE}`, 'base64', 'sha1') },
    types: ['voteOnCard'],
    id: '51f9424b',
    handshakes: [{ method: 'HEAD', answer: { statusCode: 200, body: '' } }],
  })),
  Vercel: request(
    '{"id":"uev_1","type":"deployment.created","payload":{},"createdAt":1795512600123}',
    (body) => ({
      headers: { 'x-vercel-signature': hmac(body, 'hex', 'sha1') },
      types: ['deployment.created'],
      id: 'uev_1',
    }),
  ),
  'Customer.io, reporting webhooks': request(
    '{"event_id":"01E4C4CT","object_type":"email","metric":"sent","timestamp":1795512599,"data":{"customer_id":"1"}}',
    (body) => ({
      headers: {
        'X-CIO-Timestamp': SECONDS,
        'X-CIO-Signature': hmac(`v0:${SECONDS}:${body}`, 'hex'),
      },
      types: ['email.sent'],
      id: '01E4C4CT',
    }),
  ),
  'Authorize.net': request(
    '{"notificationId":"d0e8e7fe","eventType":"net.authorize.payment.authcapture.created","payload":{"id":"1"}}',
    (body) => ({
      secret: HEX_SECRET,
      headers: {
        'X-ANET-Signature': `sha512=${hmac(body, 'hex', 'sha512', Buffer.from(HEX_SECRET, 'hex')).toUpperCase()}`,
      },
      types: ['net.authorize.payment.authcapture.created'],
      id: 'd0e8e7fe',
    }),
  ),
  'Worldpay, Access': request(
    '{"eventId":"e1","eventTimestamp":"2026-11-24T09:29:58.1Z","eventDetails":{"type":"authorized","transactionReference":"t1"}}',
    (body) => ({
      headers: {
        'Event-Signature': `1/SHA256/${hmac(body, 'hex', 'sha256', 'an older secret')},2/SHA256/${hmac(body, 'hex')}`,
      },
      types: ['authorized'],
      id: 'e1',
    }),
  ),
  Airwallex: request(
    '{"id":"evt_1","name":"payment_intent.succeeded","account_id":"a","data":{}}',
    (body) => ({
      headers: { 'x-timestamp': MILLISECONDS, 'x-signature': hmac(`${MILLISECONDS}${body}`, 'hex') },
      types: ['payment_intent.succeeded'],
      id: 'evt_1',
    }),
  ),
  'Chargify (Maxio)': request('event=signup_success&id=4210&payload%5Bsite%5D%5Bid%5D=1', (body) => ({
    contentType: 'application/x-www-form-urlencoded',
    headers: {
      'X-Chargify-Webhook-Signature-Hmac-Sha-256': hmac(body, 'hex'),
      'X-Chargify-Webhook-Id': '4210',
    },
    types: ['signup_success'],
    id: '4210',
  })),
  Dropbox: request(
    '{"list_folder":{"accounts":["dbid:AAH4f99T0taONIb"]},"delta":{"users":[12345678]}}',
    (body) => ({
      headers: { 'X-Dropbox-Signature': hmac(body, 'hex') },
      types: ['files.changed'],
      handshakes: [
        { method: 'GET', query: 'challenge=abc-123', answer: { statusCode: 200, body: 'abc-123' } },
      ],
    }),
  ),
  'Okta, event hooks': request(
    '{"eventType":"com.okta.event_hook","eventId":"b5a188b9","data":{"events":[{"uuid":"u1","eventType":"user.lifecycle.create"}]}}',
    () => ({
      headers: { Authorization: SECRET },
      types: ['user.lifecycle.create'],
      id: 'b5a188b9',
      isBodyUnsigned: true,
      handshakes: [
        {
          method: 'GET',
          headers: { 'X-Okta-Verification-Challenge': 'XdJkBXKLCkN' },
          answer: { statusCode: 200, body: '{"verification":"XdJkBXKLCkN"}' },
        },
      ],
    }),
  ),
  Asana: request(
    '{"events":[{"action":"changed","resource":{"gid":"1","resource_type":"task"},"created_at":"2026-11-24T09:29:58Z"}]}',
    (body) => ({
      headers: { 'X-Hook-Signature': hmac(body, 'hex') },
      types: ['task.changed'],
      handshakes: [
        {
          headers: { 'X-Hook-Secret': 'b537207f20cbfa02357cf448134da559' },
          answer: {
            statusCode: 200,
            body: '',
            headers: { 'x-hook-secret': 'b537207f20cbfa02357cf448134da559' },
          },
        },
      ],
    }),
  ),
  Notion: request(
    '{"id":"367cba44","type":"page.created","attempt_number":1,"entity":{"id":"153104cd"}}',
    (body) => ({
      headers: { 'X-Notion-Signature': `sha256=${hmac(body, 'hex')}` },
      types: ['page.created'],
      id: '367cba44',
      handshakes: [
        { body: '{"verification_token":"secret_tMrlL1qK5vuQ"}', answer: { statusCode: 200, body: '' } },
      ],
    }),
  ),
  'Box, webhooks V2': request(
    '{"type":"webhook_event","id":"eb0c4e06","trigger":"FILE.UPLOADED","source":{"id":"73835521473"}}',
    (body) => ({
      headers: {
        'BOX-DELIVERY-TIMESTAMP': '2026-11-24T01:29:58-08:00',
        'BOX-SIGNATURE-PRIMARY': hmac(
          `${body}2026-11-24T01:29:58-08:00`,
          'base64',
          'sha256',
          'a new primary key',
        ),
        'BOX-SIGNATURE-SECONDARY': hmac(`${body}2026-11-24T01:29:58-08:00`, 'base64'),
      },
      types: ['FILE.UPLOADED'],
      id: 'eb0c4e06',
    }),
  ),
  'Front, application webhooks': request(
    '{"type":"inbound_received","authorization":{"id":"cmp_1"},"payload":{"id":"evt_1ywg3f2","type":"inbound"}}',
    (body) => ({
      headers: front(body),
      types: ['inbound_received'],
      id: 'evt_1ywg3f2',
      handshakes: [
        {
          headers: { ...front('{"type":"sync"}'), 'X-Front-Challenge': 'a1b2c3' },
          body: '{"type":"sync"}',
          answer: { statusCode: 200, body: 'a1b2c3' },
        },
      ],
    }),
  ),
  Sanity: request('{"_id":"drafts.resume","_rev":"v1","email":"ann@example.com"}', (body) => ({
    headers: {
      'Sanity-Operation': 'create',
      'Sanity-Webhook-Signature': `t=${MILLISECONDS},v1=${hmac(`${MILLISECONDS}.${body}`, 'base64url')}`,
    },
    types: ['create'],
    id: 'drafts.resume:v1',
  })),
  'Microsoft Graph': request(
    `{"value":[{"subscriptionId":"76222963","clientState":"${SECRET}","changeType":"created","resource":"Users/1/Messages/2"}]}`,
    () => ({
      headers: {},
      types: ['created'],
      isBodyUnsigned: true,
      handshakes: [
        {
          query: 'validationToken=Validation%3A%20Testing',
          answer: { statusCode: 200, body: 'Validation: Testing' },
        },
      ],
    }),
  ),
};

function front(body: string): Readonly<Record<string, string>> {
  return {
    'X-Front-Request-Timestamp': MILLISECONDS,
    'X-Front-Signature': hmac(`${MILLISECONDS}:${body}`, 'base64'),
  };
}

function discord(body: string): Readonly<Record<string, string>> {
  return { 'X-Signature-Timestamp': SECONDS, 'X-Signature-Ed25519': ed25519(`${SECONDS}${body}`, 'hex') };
}

function twitch(body: string, type: string): Readonly<Record<string, string>> {
  const [id, time] = ['e76c6bd4-55c9-4987-8304-da1588d8988b', '2026-11-24T09:29:58.634234626Z'];
  return {
    'Twitch-Eventsub-Message-Id': id,
    'Twitch-Eventsub-Message-Timestamp': time,
    'Twitch-Eventsub-Message-Type': type,
    'Twitch-Eventsub-Message-Signature': `sha256=${hmac(`${id}${time}${body}`, 'hex')}`,
  };
}
