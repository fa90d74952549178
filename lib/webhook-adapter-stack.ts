import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { FixedEgress } from './deliver/fixed-egress.ts';
import { createCustomerKey } from './protection/data-protection.ts';
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

  /** What to register at each vendor, and where to put the secret that the vendor gives. */
  private addVendorOutputs(adapter: WebhookAdapter, { mappings }: WebhookAdapterStackProps): void {
    const { ingest } = adapter;
    for (const { source, secret } of mappings) {
      this.output(`WebhookUrl-${source}`, adapter.webhookUrl(source), `Register this URL at ${source}.`);
      const { name = '' } = ingest.signingSecrets.get(secret) ?? {};
      this.output(`SecretName-${source}`, name, `The signing secret of ${source} is put into this secret.`);
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
    this.output('AlarmTopicPage', alarms.topics.page.topicArn, 'Alarms that cannot wait are told here.');
    this.output('AlarmTopicTomorrow', alarms.topics.tomorrow.topicArn, 'Alarms that can wait are told here.');
  }

  private output(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }
}
