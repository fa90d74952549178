import { Token } from 'aws-cdk-lib';
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
import { acknowledgeRule } from '../protection/data-protection.ts';

/**
 * A network of deliver's own, whose calls all leave from one address. It has two zones, so that the function goes on where
 * one fails, and one NAT gateway, as webhooks can wait on the buffer while its zone is down.
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
      // That would need a function with permissions of its own, for a group that nothing is in.
      restrictDefaultSecurityGroup: false,
    });
    acknowledgeRule(vpc, 'nothingComesIn');
    // CDK's declarations do not know exactOptionalPropertyTypes.
    this.vpc = vpc as IVpc;
  }
}

/**
 * Lets a function call the event API and AWS, and lets nothing in. The port of a URL that is known only at deploy time is
 * 443.
 */
export function createEgressGroup(scope: Construct, vpc: IVpc, eventUrl: string): ISecurityGroup {
  const group = new SecurityGroup(scope, 'SecurityGroup', {
    vpc,
    description: 'Out to Webex Campaign and AWS by TLS; nothing in.',
    allowAllOutbound: false,
  });
  const port = Token.isUnresolved(eventUrl) ? 443 : Number(new URL(eventUrl).port || 443);
  for (const open of new Set([443, port])) {
    group.addEgressRule(Peer.anyIpv4(), Port.tcp(open), 'Webex Campaign and AWS');
  }
  return group;
}
