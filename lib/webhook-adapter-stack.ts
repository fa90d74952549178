import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { DeliverSettings } from './deliver/deliver-worker.ts';
import { WebhookAdapter, type WebhookAdapterProps } from './webhook-adapter.ts';

export type WebhookAdapterStackProps = StackProps &
  Pick<WebhookAdapterProps, 'eventUrl' | 'mappings' | 'publicUrl' | 'stage'> &
  DeliverSettings;

/** One stage of the adapter: the construct, and the outputs that a person needs next. */
export class WebhookAdapterStack extends Stack {
  constructor(scope: Construct, id: string, props: WebhookAdapterStackProps) {
    super(scope, id, props);
    const { eventUrl, mappings, publicUrl, stage, eventsPerSecond, concurrency, successIdFields } = props;

    const settings = { eventsPerSecond, concurrency, successIdFields };
    const adapter = new WebhookAdapter(this, 'WebhookAdapter', {
      eventUrl,
      mappings,
      publicUrl,
      stage,
      ...settings,
    });

    for (const { source } of mappings) {
      new CfnOutput(this, `WebhookUrl-${source}`, {
        value: adapter.webhookUrl(source),
        description: `Register this URL at ${source}.`,
      });
    }
    new CfnOutput(this, 'BufferQueueUrl', { value: adapter.buffer.queue.queueUrl });
    new CfnOutput(this, 'DeadLetterQueueUrl', { value: adapter.deadLetter.queue.queueUrl });
    new CfnOutput(this, 'LedgerTable', { value: adapter.ledger.table.tableName });
  }
}
