import {
  CfnEIP,
  IpAddresses,
  type ISecurityGroup,
  type IVpc,
  NatProvider,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { acknowledgeRule } from '../protection/nag-reasons.ts';

/**
 * A network of deliver's own, all of whose calls leave from one address. Two zones, so that the function goes on in one
 * where the other fails; one NAT gateway, since webhooks wait on the buffer while its zone is away.
 */
export class FixedEgress extends Construct {
  readonly vpc: IVpc;
  /** The address that calls come from. */
  readonly ip: string;

  constructor(scope: Construct, id: string, { cidr }: { readonly cidr: string }) {
    super(scope, id);
    const address = new CfnEIP(this, 'Address', { domain: 'vpc' });
    this.ip = address.ref;
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(cidr),
      maxAzs: 2,
      natGateways: 1,
      natGatewayProvider: NatProvider.gateway({ eipAllocationIds: [address.attrAllocationId] }),
      subnetConfiguration: [
        { name: 'Public', subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false },
        { name: 'Private', subnetType: SubnetType.PRIVATE_WITH_EGRESS },
      ],
      // It would take a function with permissions of its own; nothing is in that group.
      restrictDefaultSecurityGroup: false,
    });
    acknowledgeRule(vpc, 'nothingComesIn');
    // CDK's declarations do not know exactOptionalPropertyTypes.
    this.vpc = vpc as IVpc;
  }
}

/** Lets a function out to the event API and to AWS, and nobody in. */
export function createEgressGroup(scope: Construct, vpc: IVpc, eventUrl: string): ISecurityGroup {
  const group = new SecurityGroup(scope, 'SecurityGroup', {
    vpc,
    description: 'Out to Webex Campaign and AWS by TLS; nothing in.',
    allowAllOutbound: false,
  });
  const port = Number(new URL(eventUrl).port || 443);
  for (const open of new Set([443, port])) {
    group.addEgressRule(Peer.anyIpv4(), Port.tcp(open), 'Webex Campaign and AWS');
  }
  return group;
}
