import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { CfnSecret, type CfnSecretProps, type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { type DataProtection, grantKeyUse, removalPolicyOf } from './data-protection.ts';
import { acknowledgeRule, type NAG_REASONS } from './nag-reasons.ts';

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
