import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { FOUND_BY, FOUND_BY_INDEX } from '../../lambdas/adapters/ledger-item.ts';
import { ledgerTableName } from '../../lambdas/deliver/ledger-entry.ts';
import { type DataProtection, grantKeyUse, removalPolicyOf } from '../data-protection.ts';
import { secretNameOf } from '../secret-name.ts';
import { createStackSecret, grantReadSecret, type StackSecret } from '../stack-secret.ts';

/** The secret with the key of the hashes, after the name of the stack. */
export const HASH_KEY_SECRET = 'event-key-hash';

export type LedgerProps = {
  /** Begins the names of the table and of the secret. */
  readonly name: string;
  readonly protection: DataProtection;
};

/** What a principal needs of a table's key that reads and writes items: those of CDK's grants, without their wildcards. */
const KEY_ACTIONS = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

/** What deliver knows of every campaign event: whether it was called, and what came of it. One item per event. */
export class Ledger extends Construct {
  readonly table: Table;
  /** A random key, for the hashes that stand for event keys; made by Secrets Manager, known to nobody. */
  readonly hashKey: StackSecret;
  private readonly protection: DataProtection;

  constructor(scope: Construct, id: string, { name, protection }: LedgerProps) {
    super(scope, id);
    const { encryptionKey } = protection;
    this.protection = protection;

    this.table = new Table(this, 'Table', {
      tableName: ledgerTableName(name),
      // One query gives a webhook's whole story.
      partitionKey: { name: 'webhook', type: AttributeType.STRING },
      sortKey: { name: 'event', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'expiresAt',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      // Who was messaged cannot be found out again.
      removalPolicy: removalPolicyOf(protection),
      ...(encryptionKey !== undefined && { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey }),
    });

    // Our own id of a delivery, and Webex Campaign's of an event, lead to the webhook; nothing else is in it.
    this.table.addGlobalSecondaryIndex({
      indexName: FOUND_BY_INDEX,
      partitionKey: { name: FOUND_BY, type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });

    this.hashKey = createStackSecret(
      this,
      'HashKey',
      {
        name: secretNameOf(name, HASH_KEY_SECRET),
        description: 'Random; keys the hashes of event keys in the ledger. Nobody needs to know it.',
        unrotated: 'hashesOutliveKeys',
        generateSecretString: {
          secretStringTemplate: '{}',
          generateStringKey: 'key',
          passwordLength: 64,
          excludePunctuation: true,
        },
      },
      protection,
    );
  }

  /** Lets a function do what the ledger's adapter does, and no more. */
  grantUse(grantee: IGrantable): void {
    // Not `table.grant`, which would let it into the index too: only commands look there.
    Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:GetItem', 'dynamodb:PutItem'],
      resourceArns: [this.table.tableArn],
    });
    grantKeyUse(this.protection.encryptionKey, grantee, 'dynamodb', KEY_ACTIONS);
    grantReadSecret(this.hashKey, grantee, this.protection);
  }
}
