import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { WebhookAdapter, type WebhookAdapterProps } from './webhook-adapter.ts';

export type WebhookAdapterStackProps = StackProps & Pick<WebhookAdapterProps, 'eventUrl' | 'mappings'>;

/** One stage of the adapter: the construct, and the outputs that a person needs next. */
export class WebhookAdapterStack extends Stack {
  constructor(scope: Construct, id: string, { eventUrl, mappings, ...props }: WebhookAdapterStackProps) {
    super(scope, id, props);

    const adapter = new WebhookAdapter(this, 'WebhookAdapter', { eventUrl, mappings });

    for (const { source } of mappings) {
      new CfnOutput(this, `WebhookUrl-${source}`, {
        value: `${adapter.ingest.api.apiEndpoint}/webhooks/${source}`,
        description: `Register this URL at ${source}.`,
      });
    }
    new CfnOutput(this, 'BufferQueueUrl', { value: adapter.buffer.queue.queueUrl });
    new CfnOutput(this, 'DeadLetterQueueUrl', { value: adapter.deadLetter.queue.queueUrl });
  }
}
