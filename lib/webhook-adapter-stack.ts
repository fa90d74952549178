import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { WebhookAdapter, type WebhookAdapterProps } from './webhook-adapter.ts';

export type WebhookAdapterStackProps = StackProps &
  Pick<WebhookAdapterProps, 'eventUrl' | 'mappings' | 'publicUrl' | 'stage'>;

/** One stage of the adapter: the construct, and the outputs that a person needs next. */
export class WebhookAdapterStack extends Stack {
  constructor(scope: Construct, id: string, props: WebhookAdapterStackProps) {
    const { eventUrl, mappings, publicUrl, stage, ...stackProps } = props;
    super(scope, id, stackProps);

    const adapter = new WebhookAdapter(this, 'WebhookAdapter', { eventUrl, mappings, publicUrl, stage });

    for (const { source } of mappings) {
      new CfnOutput(this, `WebhookUrl-${source}`, {
        value: `${publicUrl ?? adapter.ingest.api.apiEndpoint}/webhooks/${source}`,
        description: `Register this URL at ${source}.`,
      });
    }
    new CfnOutput(this, 'BufferQueueUrl', { value: adapter.buffer.queue.queueUrl });
    new CfnOutput(this, 'DeadLetterQueueUrl', { value: adapter.deadLetter.queue.queueUrl });
  }
}
