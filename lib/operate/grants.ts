import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';

/** What the commands with `--stack` reach of an adapter. */
export type OperatedParts = {
  readonly buffer: IQueue;
  readonly deadLetter: IQueue;
  readonly ledger: Table;
  readonly functions: readonly LambdaFunction[];
};

const FIND_QUEUE = ['sqs:GetQueueUrl', 'sqs:GetQueueAttributes'];

/** Lets somebody find out what happened: `dead-letter list` and `show`, `explain`, `tail`, `report`. */
export function grantReading(parts: OperatedParts, grantee: IGrantable): Grant {
  const { buffer, deadLetter, ledger, functions } = parts;
  deadLetter.encryptionMasterKey?.grantDecrypt(grantee);
  ledger.encryptionKey?.grantDecrypt(grantee);
  return [
    // SQS cannot list messages: dead letters are received, and made visible again.
    allow(grantee, [...FIND_QUEUE, 'sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility'], deadLetter.queueArn),
    allow(grantee, FIND_QUEUE, buffer.queueArn),
    allow(grantee, ['dynamodb:BatchGetItem', 'dynamodb:Query', 'dynamodb:Scan'], ledger.tableArn),
    ...functions.map(({ logGroup }) =>
      allow(grantee, ['logs:FilterLogEvents', 'logs:StartQuery'], logGroup.logGroupArn),
    ),
    allowQueryResults(grantee),
    // `report` asks how much the groups keep; the action cannot be narrowed to some groups.
    allow(grantee, ['logs:DescribeLogGroups'], everyLogGroup(ledger)),
    allowFinding(ledger, grantee),
  ].reduce((all, grant) => all.combine(grant));
}

/**
 * Lets somebody read which mappings are deployed, and nothing of a customer's: `diff --stack`. Lambda gives the package of a
 * function together with its settings, among which is no secret.
 */
export function grantReadingMappings({ ledger, functions }: OperatedParts, grantee: IGrantable): Grant {
  return [
    allowFinding(ledger, grantee),
    ...functions.map(({ functionArn }) => allow(grantee, ['lambda:GetFunction'], functionArn)),
  ].reduce((all, grant) => all.combine(grant));
}

/** Lets somebody act on dead letters, too: `dead-letter replay` and `drop`. The ledger keeps who did it. */
export function grantActing(parts: OperatedParts, grantee: IGrantable): Grant {
  const { buffer, deadLetter, ledger } = parts;
  buffer.encryptionMasterKey?.grantEncryptDecrypt(grantee);
  deadLetter.encryptionMasterKey?.grantEncryptDecrypt(grantee);
  ledger.encryptionKey?.grantEncryptDecrypt(grantee);
  return (
    grantReading(parts, grantee)
      .combine(allow(grantee, ['sqs:SendMessage'], buffer.queueArn))
      // Where only some events of a dead letter are replayed or dropped, the others are put back as one of their own.
      .combine(allow(grantee, ['sqs:SendMessage', 'sqs:DeleteMessage'], deadLetter.queueArn))
      .combine(allow(grantee, ['dynamodb:PutItem'], ledger.tableArn))
  );
}

/**
 * Lets somebody erase a customer: act on dead letters, and on webhooks that wait on the buffer. Finding her is a grant of its
 * own (`grantInvoke` of the search).
 */
export function grantErasing(parts: OperatedParts, grantee: IGrantable): Grant {
  const take = ['sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility', 'sqs:DeleteMessage'];
  return grantActing(parts, grantee).combine(allow(grantee, take, parts.buffer.queueArn));
}

const SET_SECRET = ['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'];

/**
 * Lets somebody set secrets, and read them, as a new value is put beside the old one. The functions' logs show whether the
 * old one is still in use.
 */
export function grantSetting(
  { ledger, functions }: OperatedParts,
  secrets: readonly ISecret[],
  grantee: IGrantable,
): Grant {
  const actions = SET_SECRET.map((action) => `secretsmanager:${action}`);
  const keys: ReadonlySet<IKey | undefined> = new Set(secrets.map(({ encryptionKey }) => encryptionKey));
  for (const key of keys) key?.grantEncryptDecrypt(grantee);
  return [
    allow(grantee, actions, ...secrets.map(({ secretArn }) => secretArn)),
    ...functions.map(({ logGroup }) => allow(grantee, ['logs:StartQuery'], logGroup.logGroupArn)),
    allowFinding(ledger, grantee),
    allowQueryResults(grantee),
  ].reduce((all, grant) => all.combine(grant));
}

function allow(grantee: IGrantable, actions: string[], ...resourceArns: string[]): Grant {
  return Grant.addToPrincipal({ grantee, actions, resourceArns });
}

/** They have no resource (Service Authorization Reference, Amazon CloudWatch Logs). */
function allowQueryResults(grantee: IGrantable): Grant {
  return allow(grantee, ['logs:GetQueryResults'], '*');
}

/** The commands find an adapter, its functions and their logs by the stack's name or the adapter's: CloudFormation knows both. */
function allowFinding(part: Table, grantee: IGrantable): Grant {
  const stack = Stack.of(part);
  const resourceName = `${stack.stackName}/*`;
  const arn = stack.formatArn({ service: 'cloudformation', resource: 'stack', resourceName });
  const actions = ['cloudformation:DescribeStackResources', 'cloudformation:ListStackResources'];
  return allow(grantee, actions, arn);
}

function everyLogGroup(scope: Table): string {
  const arnFormat = ArnFormat.COLON_RESOURCE_NAME;
  return Stack.of(scope).formatArn({ service: 'logs', resource: 'log-group', resourceName: '*', arnFormat });
}
