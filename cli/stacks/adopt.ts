import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import type { Command } from 'commander';
import * as z from 'zod';
import { isMissingStack, listResources } from '../../answers/deployed-stack.ts';
import { type Account, openAccount } from '../../answers/project.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { type CommandResult, example, refuse, run } from '../command-line.ts';

/** Where `cdk synth` writes, in the project that the command is given in. */
const ASSEMBLY = resolve('cdk.out');

export function registerAdopt(program: Command): void {
  program
    .command('adopt')
    .description(
      'find what a destroyed stack or a removed source has left, for "cdk import --resource-mapping"',
    )
    .requiredOption('--stack <name>', 'the stack that is to have it again')
    .addHelpText('after', example('adopt --stack webhook-adapter-dev > adopt.json'))
    .action((options) => run(() => adopt(ASSEMBLY, options)));
}

const resourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z.unknown().optional(),
});

type Resource = z.infer<typeof resourceSchema>;
type Resources = Readonly<Record<string, Resource>>;

/** What identifies a resource to CloudFormation, as `cdk import --resource-mapping` reads it. */
type Identifier = Readonly<Record<string, string>>;

/** A resource that is in the account and in no stack. */
type Left = {
  readonly identifier: Identifier;
  /** The key that encrypts it, as AWS says it. */
  readonly key?: string | undefined;
  /** Why it cannot be taken in as it is. */
  readonly problem?: string | undefined;
};

/**
 * `adapter adopt`: finds by its name what a destroyed stack, or a source that was removed, has left in the account, and
 * writes it as `cdk import` takes it. What the stack has already is left out.
 * @param assembly the directory that `cdk synth` has written
 */
export async function adopt(assembly: string, { stack }: { readonly stack: string }): Promise<CommandResult> {
  const file = join(assembly, `${stack}.template.json`);
  if (!existsSync(file)) return refuse(`There is no ${file}. Run "npx cdk synth --quiet" first.`);
  const account = await openAccount({ stack, port: 0 });
  if (!account.ok) return refuse(account.failure);
  const template = z.object({ Resources: z.record(z.string(), resourceSchema) });
  const { Resources } = template.parse(JSON.parse(readFileSync(file, 'utf8')));
  const present = await presentIn(stack);
  const left = new Map<string, Left>();
  for (const [id, resource] of Object.entries(Resources)) {
    const found = present.has(id) ? undefined : await find(resource, account.value).catch(noneIfMissing);
    if (found !== undefined) left.set(id, found);
  }
  if (left.size === 0) return refuse(`Nothing of ${stack} is left outside of it: just deploy it.`);
  const adopted = withKeys(Resources, left, present);
  if (!adopted.ok) return refuse(adopted.failure);
  const problems = [
    ...[...left.values()].flatMap(({ problem }) => problem ?? []),
    ...findLoose(Resources, adopted.value, present),
  ];
  if (problems.length > 0) return refuse(problems.join('\n'));
  return { text: JSON.stringify(adopted.value, null, 2), exitCode: 0 };
}

/** The ids of what a stack has; none where there is no stack. */
async function presentIn(stack: string): Promise<ReadonlySet<string>> {
  try {
    return new Set((await listResources(stack)).map(({ LogicalResourceId = '' }) => LogicalResourceId));
  } catch (error) {
    if (isMissingStack(error)) return new Set();
    throw error;
  }
}

async function find(
  { Type, Properties: { QueueName, TableName, Name } }: Resource,
  { sqs, dynamoDb, secretsManager }: Account,
): Promise<Left | undefined> {
  if (Type === 'AWS::SQS::Queue') {
    const { QueueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName: String(QueueName) }));
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['KmsMasterKeyId'] }),
    );
    return { identifier: { QueueUrl }, key: Attributes?.KmsMasterKeyId };
  }
  if (Type === 'AWS::DynamoDB::Table' && typeof TableName === 'string') {
    const { Table } = await dynamoDb.send(new DescribeTableCommand({ TableName }));
    return { identifier: { TableName }, key: Table?.SSEDescription?.KMSMasterKeyArn };
  }
  if (Type === 'AWS::SecretsManager::Secret') {
    const secret = await secretsManager.send(new DescribeSecretCommand({ SecretId: String(Name) }));
    const { ARN = '', KmsKeyId, DeletedDate } = secret;
    const problem = `${Name} is being deleted. Keep it: aws secretsmanager restore-secret --secret-id ${Name}`;
    return { identifier: { Id: ARN }, key: KmsKeyId, problem: DeletedDate && problem };
  }
  return undefined;
}

/** The deploy creates what is missing. */
function noneIfMissing(error: unknown): undefined {
  if (error instanceof Error && /NonExistentQueue|QueueDoesNotExist|ResourceNotFound/.test(error.name))
    return undefined;
  throw error;
}

/**
 * Adds the keys. A key has no name; which key of the template it is, is said by what the template has it encrypt. So the key
 * of the alarms, which encrypts nothing that stays, is never taken for the key of the data.
 */
function withKeys(
  resources: Resources,
  left: ReadonlyMap<string, Left>,
  present: ReadonlySet<string>,
): Result<Readonly<Record<string, Identifier>>, string> {
  const found = Object.fromEntries([...left].map(([id, { identifier }]) => [id, identifier]));
  const used = [...left].flatMap(([id, { key }]) => {
    const [keyId] = referencesOf(resources[id]).filter((one) => resources[one]?.Type === 'AWS::KMS::Key');
    return keyId === undefined || key === undefined ? [] : [{ keyId, key: key.replace(/^.*\//, '') }];
  });
  for (const [keyId, uses] of Map.groupBy(used, (one) => one.keyId)) {
    if (present.has(keyId)) continue;
    const [KeyId = '', ...others] = new Set(uses.map(({ key }) => key));
    if (others.length > 0) {
      const keys = [KeyId, ...others].join(', ');
      return fail(
        `What is left is encrypted with several keys, and the template has one, ${keyId}: ${keys}.`,
      );
    }
    found[keyId] = { KeyId };
  }
  return succeed(found);
}

/** What would be taken in without something that it names: CloudFormation refuses such an import. */
function findLoose(
  resources: Resources,
  adopted: Readonly<Record<string, Identifier>>,
  present: ReadonlySet<string>,
): readonly string[] {
  return Object.keys(adopted).flatMap((id) =>
    referencesOf(resources[id])
      .filter((other) => other in resources && !(other in adopted) && !present.has(other))
      .map((other) => explainLoose(nameOf(id, resources[id]), other, resources[other])),
  );
}

function explainLoose(name: string, id: string, resource: Resource | undefined): string {
  const other = nameOf(id, resource);
  if (resource?.Type === 'AWS::SQS::Queue')
    return `${name} is left, and ${other}, which it names, is not. Make that again first: aws sqs create-queue --queue-name ${other}`;
  return `${name} is left, and is not encrypted with ${other}, which the template says. Set "kms" as it was, adopt, deploy, and change it then.`;
}

function nameOf(id: string, resource: Resource | undefined): string {
  const { QueueName, TableName, Name } = resource?.Properties ?? {};
  return String(QueueName ?? TableName ?? Name ?? id);
}

/** The ids that a resource names, by `Ref` and `Fn::GetAtt`; those of parameters and of AWS are among them. */
function referencesOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { Ref, 'Fn::GetAtt': attribute } = value as { readonly [name: string]: unknown };
  const [of] = Array.isArray(attribute) ? attribute : [];
  const own = [Ref, of].filter((one) => typeof one === 'string');
  return [...new Set([...own, ...Object.values(value).flatMap(referencesOf)])];
}
