import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Grant, type IGrantable, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CfnSecret, type CfnSecretProps, type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { type IQueue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import type { Construct, IConstruct } from 'constructs';

/** How what is stored is kept and encrypted. */
export type DataProtection = {
  /**
   * Whether what cannot be made again outlives a deleted stack: secrets, both queues, the ledger and the functions' logs. If
   * not, they are deleted with the stack; secrets cannot be restored then.
   * @default true
   */
  readonly keepData?: boolean | undefined;
  /**
   * A key of your own, which encrypts queues, ledger, secrets and logs. Its policy has to let the account use it by IAM
   * policies, as the policy of a CDK key does; what CloudWatch Logs needs is added to it.
   * @default keys that AWS owns or manages
   */
  readonly encryptionKey?: IKey | undefined;
};

/** Logs have no personal data, as they have no payload, so that a month of them may be kept. */
const LOG_RETENTION = RetentionDays.ONE_MONTH;

/**
 * What becomes of a resource with data when its stack is deleted. If the first deploy fails, it is always deleted: it is
 * empty, and its name would be in the way of the next deploy.
 */
export function removalPolicyOf({ keepData = true }: DataProtection): RemovalPolicy {
  return keepData ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
}

/** How a queue is encrypted and what becomes of it. */
export function queueProtection(
  protection: DataProtection,
): Pick<QueueProps, 'encryption' | 'encryptionMasterKey' | 'enforceSSL' | 'removalPolicy'> {
  const { encryptionKey } = protection;
  return {
    enforceSSL: true,
    removalPolicy: removalPolicyOf(protection),
    ...(encryptionKey === undefined
      ? { encryption: QueueEncryption.SQS_MANAGED }
      : { encryption: QueueEncryption.KMS, encryptionMasterKey: encryptionKey }),
  };
}

/** A log group whose logs are kept for a month. CloudFormation names it, so that no other is in its way. */
export function createLogGroup(scope: Construct, id: string, protection: DataProtection): LogGroup {
  const { encryptionKey } = protection;
  return new LogGroup(scope, id, {
    retention: LOG_RETENTION,
    removalPolicy: removalPolicyOf(protection),
    ...(encryptionKey !== undefined && { encryptionKey }),
  });
}

/**
 * The log group of an API's access log. Its name begins with `/aws/vendedlogs/`: API Gateway writes every other group's ARN
 * into a resource policy that the account has once, of 5,120 characters ("Logging that requires additional permissions",
 * CloudWatch Logs user guide). It goes with the stack, since its name would be in the next one's way.
 */
export function createAccessLogGroup(
  scope: Construct,
  id: string,
  { name, encryptionKey }: DataProtection & { readonly name: string },
): LogGroup {
  return new LogGroup(scope, id, {
    logGroupName: `${VENDED_LOGS}${name}/access`,
    retention: LOG_RETENTION,
    removalPolicy: RemovalPolicy.DESTROY,
    ...(encryptionKey !== undefined && { encryptionKey }),
  });
}

const VENDED_LOGS = '/aws/vendedlogs/';

/** Lets a function send messages to a queue, and no more. CDK's own grant has wildcards for the key. */
export function grantSend(queue: IQueue, grantee: IGrantable, { encryptionKey }: DataProtection): void {
  Grant.addToPrincipal({ grantee, actions: ['sqs:SendMessage'], resourceArns: [queue.queueArn] });
  // "Amazon SQS key management", SQS developer guide: a producer has to make a data key, and to verify it.
  grantKeyUse(encryptionKey, grantee, 'sqs', ['kms:GenerateDataKey', 'kms:Decrypt']);
}

/** Lets a function use the key through one service only. */
export function grantKeyUse(
  key: IKey | undefined,
  grantee: IGrantable,
  service: string,
  actions: readonly string[],
): void {
  if (key === undefined) return;
  const viaService = `${service}.${Stack.of(key).region}.amazonaws.com`;
  Grant.addToPrincipal({
    grantee,
    actions: [...actions],
    resourceArns: [key.keyArn],
    conditions: { StringEquals: { 'kms:ViaService': viaService } },
  });
}

/**
 * Lets CloudWatch Logs use a key for the log groups of an adapter, and for no other ("Encrypt log data using AWS KMS",
 * CloudWatch Logs user guide, step 2). By their prefixes, since a group needs the key before it has a name.
 */
export function allowLogs(
  scope: Construct,
  { name, encryptionKey }: DataProtection & { readonly name: string },
): void {
  const { region, partition, account, stackName } = Stack.of(scope);
  const groups = `arn:${partition}:logs:${region}:${account}:log-group:`;
  encryptionKey?.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
      actions: ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
      resources: ['*'],
      conditions: {
        ArnLike: {
          'kms:EncryptionContext:aws:logs:arn': [
            `${groups}${stackName}-*`,
            `${groups}${VENDED_LOGS}${name}/*`,
          ],
        },
      },
    }),
  );
}

/**
 * A key of the account's own that KMS rotates each year. It outlives the stack wherever what it encrypts does; its alias
 * goes with the stack, so that its name is free for the next.
 */
export function createCustomerKey(
  scope: Construct,
  id: string,
  { name, keepData }: { readonly name: string; readonly keepData?: boolean | undefined },
): Key {
  return new Key(scope, id, {
    alias: `alias/${name}`,
    description: `Encrypts the queues, the ledger, the secrets and the logs of ${name}.`,
    enableKeyRotation: true,
    removalPolicy: removalPolicyOf({ keepData }),
  });
}

/** A secret of the stack's: the reference, and the name by which it is read and set. */
export type StackSecret = { readonly secret: ISecret; readonly name: string };

type SecretSettings = Pick<CfnSecretProps, 'description' | 'generateSecretString'> & {
  readonly name: string;
  /** Why it is not rotated by Secrets Manager. */
  readonly unrotated: keyof typeof NAG_REASONS;
};

/**
 * A secret without a value, unless one is to be generated, as templates can be read. (The `Secret` construct would generate
 * a random value, which would look like a secret that somebody has set.)
 */
export function createStackSecret(
  scope: Construct,
  id: string,
  { unrotated, ...settings }: SecretSettings,
  protection: DataProtection,
): StackSecret {
  const { encryptionKey } = protection;
  const secret = new CfnSecret(scope, id, {
    ...settings,
    ...(encryptionKey !== undefined && { kmsKeyId: encryptionKey.keyArn }),
  });
  acknowledgeRule(secret, unrotated);
  secret.applyRemovalPolicy(removalPolicyOf(protection));
  const reference = Secret.fromSecretAttributes(scope, `${id}Arn`, {
    secretCompleteArn: secret.ref,
    ...(encryptionKey !== undefined && { encryptionKey }),
  });
  return { secret: reference, name: settings.name };
}

/** Lets a function read a secret's value, and nothing else about it. */
export function grantReadSecret(
  { secret }: StackSecret,
  grantee: IGrantable,
  { encryptionKey }: DataProtection,
): void {
  Grant.addToPrincipal({
    grantee,
    actions: ['secretsmanager:GetSecretValue'],
    resourceArns: [secret.secretArn],
  });
  grantKeyUse(encryptionKey, grantee, 'secretsmanager', ['kms:Decrypt']);
}

/**
 * Why some rules of cdk-nag's AwsSolutions pack are not followed, by what they are about. `test/lib/nag.test.ts` checks the
 * stack with the pack; who runs cdk-nag over an app with the construct sees the same reasons.
 */
export const NAG_REASONS = {
  /** A secret that somebody else made. */
  madeElsewhere: {
    id: 'AwsSolutions-SMG4',
    reason:
      'The vendor or Webex Campaign makes this secret, and no rotation of ours could tell them a new one. It is rotated by hand without downtime: the new value is put beside the old one.',
  },
  /** A route that anybody may call. */
  signedBySender: {
    id: 'AwsSolutions-APIG4',
    reason:
      'Vendors cannot authenticate against API Gateway: they sign the body. The ingest function verifies the signature before anything else happens, and refuses what is not signed.',
  },
  /** What Lambda needs to connect a function to a network. */
  interfacesUnknown: {
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason:
      'Lambda creates and deletes the network interfaces of the function in its name; EC2 does not know them before, and what describes them takes no resource. The code of the function is denied all of it.',
  },
  /** A network that only calls out. */
  nothingComesIn: {
    id: 'AwsSolutions-VPC7',
    reason:
      'Only the deliver function is in this network, its security group lets nothing in and only TLS out, and each of its calls has a line in its log. A flow log would repeat that by addresses.',
  },
} as const;

/** Records why a construct does not follow a rule. */
export function acknowledgeRule(construct: IConstruct, reason: keyof typeof NAG_REASONS): void {
  Validations.of(construct).acknowledge(NAG_REASONS[reason]);
}
