import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { hasNoEffect, type Resource, readResource } from './supported-resources.ts';

/** The account that the local run pretends to be. */
export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';
export const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

const templateSchema = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.unknown().default({}) })),
  Outputs: z.record(z.string(), z.object({ Value: z.unknown() })).default({}),
});

const assetsSchema = z.object({
  files: z.record(z.string(), z.object({ source: z.object({ path: z.string() }) })),
});

/** A template as CDK synthesized it, with its assets' directories by their hash. */
export type Template = z.infer<typeof templateSchema> & { readonly assets: ReadonlyMap<string, string> };

/** A template with every reference resolved. */
type ResolvedTemplate = {
  readonly resources: readonly Resource[];
  readonly outputs: Readonly<Record<string, string>>;
};

/** Reads a stack's template from a cloud assembly. Throws if it is not one. */
export async function readTemplate(assembly: string, stackName: string): Promise<Template> {
  const read = async (kind: string): Promise<unknown> =>
    JSON.parse(await readFile(join(assembly, `${stackName}.${kind}.json`), 'utf8'));
  const template = templateSchema.parse(await read('template'));
  const { files } = assetsSchema.parse(await read('assets'));
  const assets = Object.entries(files).map(
    ([hash, { source }]) => [hash, join(assembly, source.path)] as const,
  );
  return { ...template, assets: new Map(assets) };
}

/** The ports that stand in for AWS's endpoints. */
export type Endpoints = {
  readonly sqs: string;
  readonly secretsManager: string;
  readonly dynamoDb: string;
  readonly httpApi: string;
};

/** The URL of a queue: its `Ref`, and what the SQS protocol calls it by. */
export function queueUrl(sqsEndpoint: string, queueName: string): string {
  return `${sqsEndpoint}/${ACCOUNT}/${queueName}`;
}

/** Resolves a template against the endpoints; fails with everything in it that the local run cannot honour. */
export function resolveTemplate(
  template: Template,
  endpoints: Endpoints,
): Result<ResolvedTemplate, readonly string[]> {
  const known = nameResources(template, endpoints);
  const problems: string[] = [];
  const resources: Resource[] = [];
  for (const [id, { Type, Properties }] of Object.entries(template.Resources)) {
    if (hasNoEffect(Type)) continue;
    const resource = readResource(
      id,
      Type,
      resolveIntrinsics(Properties, known, `${id} (${Type})`, problems),
    );
    if ('id' in resource) resources.push(resource);
    else problems.push(...resource);
  }
  const outputs = Object.entries(template.Outputs).map(([name, { Value }]) => [
    name,
    String(resolveIntrinsics(Value, known, `output ${name}`, problems)),
  ]);
  return problems.length > 0 ? fail(problems) : succeed({ resources, outputs: Object.fromEntries(outputs) });
}

/** What each resource is called and reached by, as CloudFormation's return values have it. */
function nameResources({ Resources }: Template, endpoints: Endpoints): KnownValues {
  const refs = new Map([
    ['AWS::Region', REGION],
    ['AWS::AccountId', ACCOUNT],
    ['AWS::Partition', 'aws'],
    ['AWS::URLSuffix', 'amazonaws.com'],
  ]);
  const attributes = new Map<string, string>();
  for (const [id, { Type, Properties }] of Object.entries(Resources)) {
    const { ref, ...named } = nameResource(id, Type, { properties: Properties, endpoints });
    refs.set(id, ref);
    for (const [attribute, value] of Object.entries(named)) attributes.set(`${id}.${attribute}`, value);
  }
  return { refs, attributes };
}

const namesSchema = z
  .object({ QueueName: z.string(), TableName: z.string(), Name: z.string() })
  .partial()
  .catch({});

function nameResource(
  id: string,
  type: string,
  { properties, endpoints }: { readonly properties: unknown; readonly endpoints: Endpoints },
): { readonly ref: string; readonly Arn: string; readonly ApiEndpoint?: string } {
  const { QueueName = id, TableName = id, Name = id } = namesSchema.parse(properties);
  const arn = (service: string, resource: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
  switch (type) {
    case 'AWS::SQS::Queue':
      return { ref: queueUrl(endpoints.sqs, QueueName), Arn: arn('sqs', QueueName) };
    case 'AWS::DynamoDB::Table':
      return { ref: TableName, Arn: arn('dynamodb', `table/${TableName}`) };
    case 'AWS::Lambda::Function':
      return { ref: id, Arn: arn('lambda', `function:${id}`) };
    case 'AWS::SecretsManager::Secret': {
      const secret = arn('secretsmanager', `secret:${Name}`);
      return { ref: secret, Arn: secret };
    }
    case 'AWS::ApiGatewayV2::Api':
      return { ref: id, Arn: arn('apigateway', `/apis/${id}`), ApiEndpoint: endpoints.httpApi };
    default:
      return { ref: id, Arn: arn('local', id) };
  }
}

/** What the references of a template stand for. */
type KnownValues = {
  /** `Ref` by logical id or pseudo parameter. */
  readonly refs: ReadonlyMap<string, string>;
  /** `Fn::GetAtt` by `LogicalId.Attribute`. */
  readonly attributes: ReadonlyMap<string, string>;
};

/**
 * Replaces the intrinsic functions in a part of a template by what they stand for. What cannot be resolved is added to
 * `problems`, with `where` before it.
 */
export function resolveIntrinsics(
  value: unknown,
  known: KnownValues,
  where: string,
  problems: string[],
): unknown {
  const resolve = (part: unknown) => resolveIntrinsics(part, known, where, problems);
  if (Array.isArray(value)) return value.map(resolve);
  if (typeof value !== 'object' || value === null) return value;

  const [[name, argument] = ['', undefined], ...more] = Object.entries(value);
  if (more.length > 0 || !(name === 'Ref' || name.startsWith('Fn::'))) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, resolve(part)]));
  }
  const resolved = call(name, resolve(argument), known);
  if (resolved === undefined) problems.push(`${where}: cannot resolve ${JSON.stringify(value)}.`);
  return resolved ?? '';
}

function call(name: string, argument: unknown, { refs, attributes }: KnownValues): string | undefined {
  switch (name) {
    case 'Ref':
      return refs.get(String(argument));
    case 'Fn::GetAtt':
      return Array.isArray(argument) ? attributes.get(argument.join('.')) : attributes.get(String(argument));
    case 'Fn::Join':
      return joinParts(argument);
    case 'Fn::Sub':
      return typeof argument === 'string' ? substitute(argument, { refs, attributes }) : undefined;
    default:
      return undefined;
  }
}

function joinParts(argument: unknown): string | undefined {
  if (!Array.isArray(argument)) return undefined;
  const [separator, parts]: readonly unknown[] = argument;
  return Array.isArray(parts) ? parts.join(String(separator)) : undefined;
}

function substitute(text: string, { refs, attributes }: KnownValues): string | undefined {
  let isKnown = true;
  const substituted = text.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
    const value = refs.get(name) ?? attributes.get(name);
    isKnown &&= value !== undefined;
    return value ?? '';
  });
  return isKnown ? substituted : undefined;
}
