import { fileURLToPath } from 'node:url';
import { App, Stack } from 'aws-cdk-lib';
import { readMappings } from '../../../lib/mappings.ts';
import { WebhookAdapter } from '../../../lib/webhook-adapter.ts';

/** An adapter in a stack of its own, with the mapping of the example app. */
export function createAdapter(): { readonly stack: Stack; readonly adapter: WebhookAdapter } {
  const stack = new Stack(new App(), 'messages');
  const mappings = readMappings(fileURLToPath(new URL('../../package/own-app/mappings', import.meta.url)));
  const eventUrl = 'https://tenant.webexcampaign.example/events';
  return { stack, adapter: new WebhookAdapter(stack, 'Webhooks', { eventUrl, mappings, stage: 'dev' }) };
}
