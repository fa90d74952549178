import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { NAG_REASONS } from '../../lib/protection/data-protection.ts';
import { EVERYTHING, PLAIN, stackOf } from './stacks.ts';

/** What AwsSolutions finds in an app, each rule with the constructs that break it. */
function findingsIn(app: App): readonly string[] {
  return new AwsSolutionsChecks(app)
    .validateScope(app)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath = '' }) => `${ruleName} ${constructPath}`),
    );
}

function adapterApp(): App {
  const app = new App();
  stackOf('dev', PLAIN, { app });
  stackOf('prod', EVERYTHING, { app });
  return app;
}

describe("cdk-nag's AwsSolutions pack", () => {
  test('finds only what lib/protection/data-protection.ts gives a reason for, in a plain stage and in one with everything on', () => {
    expect(findingsIn(adapterApp())).toEqual([]);
  });

  test('finds a bare bucket', () => {
    const app = new App();
    new CfnBucket(new Stack(app, 'bare'), 'Bucket');

    expect(findingsIn(app)).toContain('AwsSolutions-S1 bare/Bucket');
  });

  test('needs every reason that is given', () => {
    const acknowledged = adapterApp()
      .node.findAll()
      .flatMap(({ node }) => node.metadata)
      .filter(({ type }) => type === 'aws:cdk:acknowledged-rules')
      .flatMap(({ data }) => Object.values<string>(data));

    // CDK acknowledges a rule of its own for a network's zones.
    const unused = Object.values(NAG_REASONS).filter(({ reason }) => !acknowledged.includes(reason));
    expect(unused).toEqual([]);
  });
});
