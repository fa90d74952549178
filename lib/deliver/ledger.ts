import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { ledgerTableName } from '../../lambdas/deliver/ledger/entry.ts';
import { type DataProtection, grantKeyUse, removalPolicyOf } from '../protection/data-protection.ts';

export type LedgerProps = {
  /** Begins the name of the table. */
  readonly name: string;
  readonly protection: DataProtection;
};

/** The permissions for a table's key that reading and writing items needs: those of CDK's grants, without wildcards. */
const KEY_ACTIONS = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

/** What deliver knows of every campaign event: whether Webex Campaign was called, and what it answered. One item per event. */
export class Ledger extends Construct {
  readonly table: Table;
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
  }

  /** Lets a function count something in one partition of the ledger, and reach no other. */
  grantCount(grantee: IGrantable, partition: string): void {
    Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:UpdateItem'],
      resourceArns: [this.table.tableArn],
      conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [partition] } },
    });
    grantKeyUse(this.protection.encryptionKey, grantee, 'dynamodb', KEY_ACTIONS);
  }

  /** Lets a function do what the adapter of the ledger does, and no more. */
  grantUse(grantee: IGrantable): void {
    Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'],
      resourceArns: [this.table.tableArn],
    });
    grantKeyUse(this.protection.encryptionKey, grantee, 'dynamodb', KEY_ACTIONS);
  }
}
