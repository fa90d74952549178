import type { ProfileOptions } from '../../source.ts';

/**
 * Mailgun: signed inside the body, and not over all of it (`plug-ins/mailgun.ts`): the token is the id, also of whatever a
 * mapping makes of the body. Mailgun sends one event a webhook, and a retry with the same token.
 * Source: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks.
 */
export const mailgun = {
  signature: { kind: 'custom', plugIn: 'mailgun' },
  eventType: [{ body: '/event-data/event' }],
  deduplicationId: [{ body: '/signature/token' }],
} satisfies ProfileOptions;
