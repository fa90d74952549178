import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readMappingFolders } from '../../lib/map/mapping-folders.ts';
import { NAG_REASONS } from '../../lib/nag-reasons.ts';
import { WebhookAdapterStack } from '../../lib/webhook-adapter-stack.ts';

const mappings = readMappingFolders(fileURLToPath(new URL('../../mappings', import.meta.url)));
if (!mappings.ok) throw new Error('The mapping folders have problems.');

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
  const eventUrl = 'https://tenant.webexcampaign.example/events';
  new WebhookAdapterStack(app, 'adapter', { eventUrl, mappings: mappings.ok ? mappings.value : [] });
  return app;
}

describe("cdk-nag's AwsSolutions pack", () => {
  test('finds nothing in the stack but what lib/nag-reasons.ts answers for', () => {
    expect(findingsIn(adapterApp())).toEqual([]);
  });

  test('does look: a bare bucket is found', () => {
    const app = new App();
    new CfnBucket(new Stack(app, 'bare'), 'Bucket');

    expect(findingsIn(app)).toContain('AwsSolutions-S1 bare/Bucket');
  });

  test('meets no reason that answers for nothing any more', () => {
    const acknowledged = adapterApp()
      .node.findAll()
      .flatMap(({ node }) => node.metadata)
      .filter(({ type }) => type === 'aws:cdk:acknowledged-rules')
      .flatMap(({ data }) => Object.values<string>(data));

    expect([...new Set(acknowledged)].sort()).toEqual(
      Object.values(NAG_REASONS)
        .map(({ reason }) => reason)
        .sort(),
    );
  });
});
