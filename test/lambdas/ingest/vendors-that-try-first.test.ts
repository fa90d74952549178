import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { ask, post } from './stranger.ts';

// What vendors send to an endpoint before, or beside, webhooks: as their documentation has it.

/** One of those that `ask` has for every source. */
const SECRET = '00ff10aa';

describe("Xero's intent to receive", () => {
  const intent = (events: string) =>
    `{"events":${events},"lastEventSequence":0,"firstEventSequence":0,"entropy":"S0m3r4Nd0mt3xt"}`;
  const sign = (body: string, secret: string) => ({
    'content-type': 'application/json',
    'x-xero-signature': createHmac('sha256', secret).update(body).digest('base64'),
  });

  test.each(['[]', 'null'])(
    'with the events %s is answered 200 without a body if it is signed',
    async (events) => {
      const body = intent(events);

      expect(await ask(post('xero', body, sign(body, SECRET)))).toMatchObject({ statusCode: 200, body: '' });
    },
  );

  test.each(['[]', 'null'])(
    'with the events %s is answered 401 without a body if it is not',
    async (events) => {
      const body = intent(events);

      expect(await ask(post('xero', body, sign(body, 'another key')))).toMatchObject({
        statusCode: 401,
        body: '',
      });
    },
  );
});

test('Onfleet reads its check back', async () => {
  const asked = post(
    'onfleet',
    '',
    {},
    {
      rawQueryString: 'check=b2a1c9',
      requestContext: { requestId: 'r1', http: { method: 'GET' } },
    },
  );

  expect(await ask(asked)).toMatchObject({ statusCode: 200, body: 'b2a1c9', code: 'handshake-answered' });
});

describe('what a vendor sends in two forms is known by both:', () => {
  const sign = (body: string) => ({
    'content-type': 'application/json',
    'intuit-signature': createHmac('sha256', SECRET).update(body).digest('base64'),
  });

  test.each([
    ['CloudEvents', '[{"specversion":"1.0","id":"88cd","source":"s","type":"qbo.invoice.created.v1"}]'],
    [
      'the list of before',
      '{"eventNotifications":[{"realmId":"1","dataChangeEvent":{"entities":[{"name":"Invoice","id":"1","operation":"Create"}]}}]}',
    ],
  ])('QuickBooks, %s', async (_, body) => {
    expect(await ask(post('quickbooks', body, sign(body)))).toMatchObject({
      statusCode: 200,
      code: 'buffered',
    });
  });
});
