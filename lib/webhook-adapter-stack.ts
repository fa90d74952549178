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
    this.formatVendors(adapter, props);
    this.formatOperators(adapter);
    if (egress) this.tell('EgressIp', egress.ip, 'Calls of Webex Campaign come from this address.');
  }

  /** What is registered at each vendor, and where what the vendor gives back is put. */
  private formatVendors(adapter: WebhookAdapter, { mappings }: WebhookAdapterStackProps): void {
    const { ingest } = adapter;
    for (const { source, secret } of mappings) {
      this.tell(`WebhookUrl-${source}`, adapter.webhookUrl(source), `Register this URL at ${source}.`);
      const { name = '' } = ingest.signingSecrets.get(secret) ?? {};
      this.tell(`SecretName-${source}`, name, `The signing secret of ${source} is put into this secret.`);
    }
    if (ingest.customDomain) {
      this.tell(
        'DomainTarget',
        ingest.customDomain.target,
        'The CNAME record of the domain has to point at this.',
      );
    }
  }

  private formatOperators({ buffer, deadLetter, ledger, deliver, alarms, dashboard }: WebhookAdapter): void {
    this.tell(
      'WebexKeysSecretName',
      deliver.webexKeys.name,
      "The API user's keys of Webex Campaign are put into this secret.",
    );
    this.tell(
      'BufferQueueUrl',
      buffer.queue.queueUrl,
      'Webhooks that are taken and not delivered yet are here.',
    );
    this.tell(
      'DeadLetterQueueUrl',
      deadLetter.queue.queueUrl,
      'Webhooks that could not be delivered are here.',
    );
    this.tell('LedgerTable', ledger.table.tableName, 'What became of each event is here.');
    this.tell('DashboardUrl', dashboard.url, 'How the stages are doing.');
    this.tell('AlarmTopicPage', alarms.topics.page.topicArn, 'Alarms that cannot wait are told here.');
    this.tell('AlarmTopicTomorrow', alarms.topics.tomorrow.topicArn, 'Alarms that can wait are told here.');
  }

  private tell(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }
}
