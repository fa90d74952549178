import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import * as z from 'zod';
import { CATALOGUE_FILE } from '../../lambdas/adapters/lambda.ts';
import { BUNDLE_FILE } from '../../lib/bundle/bundle-function.ts';
import { EVERYTHING, stackOf } from './stacks.ts';

const app = new App();
stackOf('dev', { ...EVERYTHING, domain: undefined }, { app });
stackOf('prod', EVERYTHING, { app });
const assembly = app.synth();

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
});

/**
 * Names within the resource that they belong to, and of metrics, where stacks differ by a dimension; and a domain,
 * which `stages.yaml` may name once only.
 */
const NOT_OF_THE_ACCOUNT = [
  'AWS::ApiGatewayV2::Stage StageName',
  'AWS::CloudWatch::Alarm MetricName',
  'AWS::IAM::Policy PolicyName',
  'AWS::ApiGatewayV2::DomainName DomainName',
  'AWS::ApiGatewayV2::ApiMapping DomainName',
];

/** Every name that a stack gives a resource itself, as `type property value`. */
function namesOf(stackName: string): readonly string[] {
  const { Resources } = templateSchema.parse(assembly.getStackByName(stackName).template);
  return Object.values(Resources).flatMap(({ Type, Properties }) =>
    Object.entries(Properties)
      .filter(([property]) => /Name$/.test(property) && !NOT_OF_THE_ACCOUNT.includes(`${Type} ${property}`))
      .filter(([, value]) => typeof value === 'string')
      .map(([property, value]) => `${Type} ${property} ${value}`),
  );
}

/** The secrets that the sources in a stage's bundle of ingest name. */
function secretsInCatalogues(): readonly string[] {
  return readdirSync(assembly.directory, { withFileTypes: true })
    .filter(
      (entry) =>
        entry.isDirectory() && readdirSync(join(assembly.directory, entry.name)).includes(BUNDLE_FILE),
    )
    .flatMap(({ name }) => JSON.parse(readFileSync(join(assembly.directory, name, CATALOGUE_FILE), 'utf8')))
    .flatMap(({ secret }: { secret?: string }) => (secret === undefined ? [] : [secret]));
}

describe('two stages in one account and region', () => {
  test('share no name of a resource', () => {
    const names = [...namesOf('webhook-adapter-dev'), ...namesOf('webhook-adapter-prod')];

    expect(names).toContain('AWS::SecretsManager::Secret Name webhook-adapter-dev/webhooks/stripe');
    expect(names).toContain('AWS::SQS::Queue QueueName webhook-adapter-prod-dead-letter');
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test('name every resource after their stack', () => {
    for (const stage of ['dev', 'prod']) {
      const others = namesOf(`webhook-adapter-${stage}`).filter(
        (name) => !new RegExp(`[ /]webhook-adapter-${stage}\\b`).test(name),
      );
      expect(others).toEqual([]);
    }
  });

  test('export nothing, since an export is named account-wide', () => {
    expect(JSON.stringify(assembly.stacks.map(({ template }) => template))).not.toContain('"Export"');
  });

  test('have functions that read their own secrets', () => {
    const secrets = secretsInCatalogues();

    expect(secrets).toContain('webhook-adapter-dev/webhooks/stripe');
    expect(secrets).toContain('webhook-adapter-prod/webhooks/stripe');
    expect(secrets.filter((secret) => !/^webhook-adapter-(dev|prod)\/webhooks\//.test(secret))).toEqual([]);
  });
});
