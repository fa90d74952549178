import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { CfnSecret, type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { FOUND_BY, FOUND_BY_INDEX } from '../../lambdas/adapters/ledger-item.ts';
import { ledgerTableName } from '../../lambdas/deliver/ledger-entry.ts';
import { acknowledgeRule } from '../nag-reasons.ts';
import { secretNameOf } from '../secret-name.ts';

export type LedgerProps = {
  /** Begins the names of the table and of the secret. */
  readonly name: string;
};

/** What deliver knows of every campaign event: whether it was called, and what came of it. One item per event. */
export class Ledger extends Construct {
  readonly table: Table;
  /** A random key, for the hashes that stand for event keys; made by Secrets Manager, known to nobody. */
  readonly hashKey: ISecret;
  readonly hashKeyName: string;

  constructor(scope: Construct, id: string, { name }: LedgerProps) {
    super(scope, id);

    this.table = new Table(this, 'Table', {
      tableName: ledgerTableName(name),
      // One query gives a webhook's whole story.
      partitionKey: { name: 'webhook', type: AttributeType.STRING },
      sortKey: { name: 'event', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'expiresAt',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      // Who was messaged cannot be found out again.
      removalPolicy: RemovalPolicy.RETAIN,
    });

    // Our own id of a delivery, and Webex Campaign's of an event, lead to the webhook; nothing else is in it.
    this.table.addGlobalSecondaryIndex({
      indexName: FOUND_BY_INDEX,
      partitionKey: { name: FOUND_BY, type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });

    this.hashKeyName = secretNameOf(name, 'event-key-hash');
    const hashKey = new CfnSecret(this, 'HashKey', {
      name: this.hashKeyName,
      description: 'Random; keys the hashes of event keys in the ledger. Nobody needs to know it.',
      generateSecretString: {
        secretStringTemplate: '{}',
        generateStringKey: 'key',
        passwordLength: 64,
        excludePunctuation: true,
      },
    });
    acknowledgeRule(hashKey, 'hashesOutliveKeys');
    this.hashKey = Secret.fromSecretCompleteArn(this, 'HashKeyArn', hashKey.ref);
  }

  /** Lets a function do what the ledger's adapter does, and no more. */
  grantUse(grantee: IGrantable): void {
    // Not `table.grant`, which would let it into the index too: only commands look there.
    Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:GetItem', 'dynamodb:PutItem'],
      resourceArns: [this.table.tableArn],
    });
    this.hashKey.grantRead(grantee);
  }
}
