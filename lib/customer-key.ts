import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { removalPolicyOf } from './data-protection.ts';

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
