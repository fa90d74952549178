import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import type { Command } from 'commander';
import * as z from 'zod';
import { type Account, openAccount } from '../../answers/project.ts';
import { type CommandResult, example, refuse, run } from '../command-line.ts';

/** Where `cdk synth` writes, in the project that the command is given in. */
const ASSEMBLY = resolve('cdk.out');

export function registerAdopt(program: Command): void {
  program
    .command('adopt')
    .description('find what a destroyed stack has left, for "cdk import --resource-mapping"')
    .requiredOption('--stack <name>', 'the stack that is to be made again')
    .addHelpText('after', example('adopt --stack webhook-adapter-dev > adopt.json'))
    .action((options) => run(() => adopt(ASSEMBLY, options)));
}

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Properties: z
        .object({ QueueName: z.string(), TableName: z.string(), Name: z.string() })
        .partial()
        .catch({}),
    }),
  ),
});

/** What identifies a resource to CloudFormation, as `cdk import --resource-mapping` reads it. */
type Identifier = Readonly<Record<string, string>>;

/**
 * `adapter adopt`: finds by its name what a destroyed stack has left, and writes it as `cdk import` takes it, so that a new
 * stack begins with it.
 * @param assembly the directory that `cdk synth` has written
 */
export async function adopt(assembly: string, { stack }: { readonly stack: string }): Promise<CommandResult> {
  const file = join(assembly, `${stack}.template.json`);
  if (!existsSync(file)) return refuse(`There is no ${file}. Run "npx cdk synth --quiet" first.`);
  const account = await openAccount({ stack, port: 0 });
  if (!account.ok) return refuse(account.failure);
  const { Resources } = templateSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const found: Record<string, Identifier> = {};
  let encryptedBy: string | undefined;
  for (const [id, { Type, Properties }] of Object.entries(Resources)) {
    const { key, ...left } = await find(Type, Properties, account.value).catch(noneIfMissing);
    if (left.identifier !== undefined) found[id] = left.identifier;
    encryptedBy ??= key;
  }
  const [keyId] = Object.entries(Resources).find(([, { Type }]) => Type === 'AWS::KMS::Key') ?? [];
  // A key has no name; what it encrypts knows it.
  if (keyId !== undefined && encryptedBy !== undefined) {
    found[keyId] = { KeyId: encryptedBy.replace(/^.*\//, '') };
  }
  if (Object.keys(found).length === 0) return refuse(`Nothing of ${stack} is left: just deploy it.`);
  return { text: JSON.stringify(found, null, 2), exitCode: 0 };
}

type Left = { readonly identifier?: Identifier; readonly key?: string | undefined };

async function find(
  type: string,
  { QueueName, TableName, Name }: z.infer<typeof templateSchema>['Resources'][string]['Properties'],
  { sqs, dynamoDb, secretsManager }: Account,
): Promise<Left> {
  if (type === 'AWS::SQS::Queue') {
    const { QueueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
    return { identifier: { QueueUrl } };
  }
  if (type === 'AWS::DynamoDB::Table' && TableName !== undefined) {
    await dynamoDb.send(new DescribeTableCommand({ TableName }));
    return { identifier: { TableName } };
  }
  if (type === 'AWS::SecretsManager::Secret') {
    const { ARN = '', KmsKeyId } = await secretsManager.send(new DescribeSecretCommand({ SecretId: Name }));
    return { identifier: { Id: ARN }, key: KmsKeyId };
  }
  return {};
}

/** The deploy creates what is missing. */
function noneIfMissing(error: unknown): Left {
  if (error instanceof Error && /NonExistentQueue|QueueDoesNotExist|ResourceNotFound/.test(error.name))
    return {};
  throw error;
}
