import { join } from 'node:path';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { readMappings } from 'webex-campaign-webhook-adapter/mappings';
import { WebhookAdapter } from 'webex-campaign-webhook-adapter/webhook-adapter';

/** Tells our customers by Webex Campaign what our billing announces by webhook. */
export class MessagesStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps & { readonly stage: string }) {
    super(scope, id, props);

    const adapter = new WebhookAdapter(this, 'Webhooks', {
      eventUrl: 'https://acme.webexcampaign.io/campaignapi/resources/v3/events',
      mappings: readMappings(join(import.meta.dirname, 'mappings')),
      stage: props.stage,
    });
    new CfnOutput(this, 'BillingWebhookUrl', { value: adapter.webhookUrl('billing') });

    // Whoever is on call may look, replay and drop, and nothing else.
    const onCall = new Role(this, 'OnCall', { assumedBy: new AccountRootPrincipal() });
    adapter.grantOperate(onCall);

    const alarms = new Topic(this, 'Alarms', { enforceSSL: true });
    adapter
      .metricUnconfirmed()
      .createAlarm(this, 'Unconfirmed', {
        alarmDescription: 'Customers may have got no message, or will get two: see "dead-letter list".',
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        threshold: 1,
        evaluationPeriods: 1,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      })
      .addAlarmAction(new SnsAction(alarms));
  }
}
