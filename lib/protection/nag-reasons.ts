import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

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
