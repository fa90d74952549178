import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { FixedEgress } from './deliver/fixed-egress.ts';
import { createCustomerKey } from './protection/data-protection.ts';
import { findEqualIds } from './stages/limits.ts';
import { WebhookAdapter, type WebhookAdapterProps } from './webhook-adapter.ts';

export type WebhookAdapterStackProps = StackProps &
  Omit<WebhookAdapterProps, 'encryptionKey' | 'name' | 'vpc'> & {
    /**
     * Who manages the keys that encrypt what is stored: AWS, or the account, by one key of the stack's own.
     * @default "managed"
     */
    readonly kms?: 'managed' | 'customer' | undefined;
    /**
     * Has deliver call from one fixed address, out of a network of its own with these addresses (`10.0.0.0/24`).
     * @default none: calls come from addresses that Lambda shares
     */
    readonly egressCidr?: string | undefined;
  };

/** One stage of the adapter: the construct, what it stands in, and the outputs that a person needs next. */
export class WebhookAdapterStack extends Stack {
  constructor(scope: Construct, id: string, props: WebhookAdapterStackProps) {
    super(scope, id, props);
    const { kms, egressCidr, ...settings } = props;
    const equal = findEqualIds(props.mappings.map(({ source }) => source));
    if (equal.length > 0) throw new Error(`Sources would have the same output:\n${equal.join('\n')}`);

    const egress =
      egressCidr === undefined ? undefined : new FixedEgress(this, 'Egress', { cidr: egressCidr });
    const encryptionKey =
      kms === 'customer'
        ? createCustomerKey(this, 'Key', { name: this.stackName, keepData: props.keepData })
        : undefined;
    const adapter = new WebhookAdapter(this, 'WebhookAdapter', {
      ...settings,
      encryptionKey,
      vpc: egress?.vpc,
    });
    this.addVendorOutputs(adapter, props);
    this.addOperatorOutputs(adapter);
    if (egress) this.output('EgressIp', egress.ip, 'Calls of Webex Campaign come from this address.');
  }

  /** What to register at each vendor. One output for each: a template can have 200. */
  private addVendorOutputs(adapter: WebhookAdapter, { mappings }: WebhookAdapterStackProps): void {
    const { ingest } = adapter;
    for (const { source } of mappings) {
      const description = `Register this URL at ${source}, and set its secret: secrets set ${source}.`;
      this.output(`WebhookUrl-${source}`, adapter.webhookUrl(source), description);
    }
    if (ingest.customDomain) {
      this.output(
        'DomainTarget',
        ingest.customDomain.target,
        'The CNAME record of the domain has to point at this.',
      );
    }
  }

  private addOperatorOutputs({
    buffer,
    deadLetter,
    ledger,
    deliver,
    alarms,
    dashboard,
  }: WebhookAdapter): void {
    this.output(
      'WebexKeysSecretName',
      deliver.webexKeys.name,
      "The API user's keys of Webex Campaign are put into this secret.",
    );
    this.output(
      'BufferQueueUrl',
      buffer.queue.queueUrl,
      'Webhooks that are taken and not delivered yet are here.',
    );
    this.output(
      'DeadLetterQueueUrl',
      deadLetter.queue.queueUrl,
      'Webhooks that could not be delivered are here.',
    );
    this.output('LedgerTable', ledger.table.tableName, 'What became of each event is here.');
    this.output('DashboardUrl', dashboard.url, 'How the stages are doing.');
    if (alarms === undefined) return;
    const { page, tomorrow } = alarms.topics;
    this.output('AlarmTopicPage', page.topicArn, 'Alarms that cannot wait are sent here.');
    this.output('AlarmTopicTomorrow', tomorrow.topicArn, 'Alarms that can wait are sent here.');
  }

  private output(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }
}
