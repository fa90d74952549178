import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readMappings } from '../../lib/mappings.ts';
import { LOCAL_STACK, LOCAL_STAGE } from '../../lib/stages/synthesize.ts';
import { WebhookAdapterStack } from '../../lib/webhook-adapter-stack.ts';
import { synthesizeRelease } from './release-package.ts';

/**
 * What has data, and the properties whose change makes CloudFormation replace it (its reference, "Update requires:
 * Replacement"); of a secret also the one by which it would generate a new value over what a person has set.
 */
const REPLACED_BY: Readonly<Record<string, readonly string[]>> = {
  'AWS::SQS::Queue': ['QueueName', 'FifoQueue'],
  'AWS::DynamoDB::Table': ['TableName', 'KeySchema', 'AttributeDefinitions'],
  'AWS::SecretsManager::Secret': ['Name', 'GenerateSecretString'],
  'AWS::KMS::Key': ['KeySpec', 'MultiRegion'],
};

const MAPPING = `source: stripe
verify: stripe
secret: webhooks/stripe
events:
  - name: paid
    on: invoice.paid
    event-id: { local: evt_8c4f1a7e2b9d }
    event-key: { kind: customer-id, value: "{% data.object.customer %}" }
`;

type Resources = Readonly<Record<string, { readonly Type: string; readonly Properties?: unknown }>>;

/** Of each resource with data: its id and type, and what must not change. */
function keptIn(resources: Resources): Readonly<Record<string, object>> {
  const kept = Object.entries(resources).flatMap(([id, { Type, Properties = {} }]) => {
    const fixed = REPLACED_BY[Type];
    const properties = Properties as Readonly<Record<string, unknown>>;
    return fixed === undefined
      ? []
      : [[id, { Type, ...Object.fromEntries(fixed.map((name) => [name, properties[name]])) }] as const];
  });
  return Object.fromEntries(kept);
}

describe('an upgrade from 0.1.0', () => {
  const mappings = mkdtempSync(join(tmpdir(), 'kept-resources-'));
  let released: Resources;
  let today: Resources;
  beforeAll(async () => {
    mkdirSync(join(mappings, 'stripe'));
    writeFileSync(join(mappings, 'stripe', 'mapping.yaml'), MAPPING);
    const release = await synthesizeRelease(mappings, 'customer');
    release.remove();
    released = release.template.Resources;
    const stack = new WebhookAdapterStack(new App(), LOCAL_STACK, {
      eventUrl: 'http://127.0.0.1:9/events',
      stage: LOCAL_STAGE,
      kms: 'customer',
      mappings: readMappings(mappings),
    });
    today = Template.fromStack(stack).toJSON().Resources;
  }, 120_000);
  afterAll(() => rmSync(mappings, { recursive: true }));

  test('replaces neither queue, ledger, secret nor key: each has its id, and the names that cannot be changed', () => {
    expect(Object.keys(keptIn(released))).toHaveLength(7);
    expect(keptIn(today)).toEqual(keptIn(released));
  });

  test("keeps the functions' log groups, which commands read beyond the upgrade", () => {
    const groups = (resources: Resources) =>
      Object.entries(resources).flatMap(([id, { Type, Properties }]) =>
        Type === 'AWS::Logs::LogGroup' && id.includes('FunctionLogs') ? [[id, Properties]] : [],
      );

    expect(groups(released)).toHaveLength(2);
    // The search is new, and brings its own.
    expect(groups(today).filter(([id]) => !String(id).includes('SearchFunction'))).toEqual(groups(released));
  });
});
