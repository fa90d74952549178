import { Effect, Policy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { acknowledgeRule } from './nag-reasons.ts';

/** What Lambda does in a function's name to connect it to a VPC: `AWSLambdaVPCAccessExecutionRole` without its logs. */
const ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

/** Lets Lambda connect the functions of a role to a VPC. EC2 does not know the interfaces before they are there. */
export function allowInVpc(role: Role): void {
  role.addToPolicy(new PolicyStatement({ actions: ACTIONS, resources: ['*'] }));
  acknowledgeRule(role, 'interfacesUnknown');
}

/**
 * Keeps the code of a function from using what Lambda needs to connect it ("Giving Lambda functions access to resources in
 * a VPC", Lambda developer guide). A policy of its own, as it names the function, which waits for the role's other one.
 */
export function refuseVpcToCode(target: LambdaFunction): void {
  const deny = new PolicyStatement({
    effect: Effect.DENY,
    actions: ACTIONS,
    resources: ['*'],
    conditions: { ArnEquals: { 'lambda:SourceFunctionArn': target.functionArn } },
  });
  const { role } = target;
  if (role !== undefined) new Policy(target, 'NoVpcForCode', { statements: [deny], roles: [role] });
}
