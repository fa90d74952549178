import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnSecret, type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { acknowledgeRule } from './nag-reasons.ts';

/**
 * A secret without a value: a template is no place for one. (The `Secret` construct would generate a random value, which
 * would look like a secret that somebody has set.) It outlives the stack, as what a person put into it cannot be made again.
 */
export function createEmptySecret(scope: Construct, id: string, name: string, description: string): ISecret {
  const secret = new CfnSecret(scope, id, { name, description });
  acknowledgeRule(secret, 'madeElsewhere');
  secret.applyRemovalPolicy(RemovalPolicy.RETAIN);
  return Secret.fromSecretCompleteArn(scope, `${id}Arn`, secret.ref);
}
