import type { ProfileOptions } from '../../source.ts';

/**
 * Mailgun: signed inside the body, and not over all of it (`plug-ins/mailgun.ts`): the token is the id.
 * Source: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks.
 */
export const mailgun = {
  signature: { kind: 'custom', plugIn: 'mailgun' },
  eventType: [{ body: '/event-data/event' }],
  deduplicationId: [{ body: '/signature/token' }],
} satisfies ProfileOptions;
