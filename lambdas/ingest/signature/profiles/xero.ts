import type { ProfileOptions } from '../../source.ts';

/**
 * Xero: `x-xero-signature: <base64>` over the body. A batch in `events`: `CONTACT.UPDATE`, `INVOICE.CREATE`. It tries an endpoint
 * with signed bodies without events ("intent to receive"), and with wrongly signed ones, which have to be answered 401. It wants
 * no body in the answer.
 * Source: https://developer.xero.com/documentation/webhooks/configuring-your-server.
 */
export const xero = {
  signature: { encoding: 'base64', signature: { header: 'x-xero-signature' } },
  eventType: [{ body: '/events/*/eventCategory' }, { body: '/events/*/eventType' }],
  itemId: [['/tenantId', '/resourceId', '/eventCategory', '/eventType', '/eventDateUtc']],
  acknowledge: { contentType: 'text/plain', body: '' },
} satisfies ProfileOptions;
