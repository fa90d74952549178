import { fileURLToPath } from 'node:url';
import {
  CloudFormationClient,
  paginateListStackResources,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import { GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { unzipSync } from 'fflate';
import * as z from 'zod';
import { CATALOGUE_FILE } from '../../lambdas/adapters/lambda.ts';
import { sourceSchema } from '../../lambdas/ingest/source.ts';
import { mappingSchema } from '../../lambdas/map/mapping.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { functionCode } from '../../lib/bundle/function-code.ts';
import type { SideSource } from './outcome.ts';

/** What a stack on AWS has deployed. */
export type Deployed = {
  readonly sources: readonly SideSource[];
  /** Whether the deployed functions run the code that this version would deploy. */
  readonly isSameCode: boolean;
};

/** The ids of the functions in the template begin with where they stand in the construct. */
const FUNCTIONS = { ingest: /IngestFunction[0-9A-F]{8}$/, deliver: /DeliverFunction[0-9A-F]{8}$/ };

const HANDLERS = {
  ingest: fileURLToPath(new URL('../../lambdas/ingest/handler.ts', import.meta.url)),
  deliver: fileURLToPath(new URL('../../lambdas/deliver/handler.ts', import.meta.url)),
};

type Stage = keyof typeof FUNCTIONS;

/** The files of a function's package, by their names. */
type Package = Readonly<Record<string, Uint8Array>>;

/**
 * Reads the catalogues out of the packages of a stack's functions, which `grantReadMappings` allows; fails with a sentence.
 * The functions are found by the name of their CloudFormation stack.
 */
export async function readDeployed(stackName: string): Promise<Result<Deployed, string>> {
  try {
    const resources = await listFunctions(stackName);
    const [ingest, deliver] = [
      await readPackage('ingest', resources),
      await readPackage('deliver', resources),
    ];
    if (ingest === undefined || deliver === undefined) {
      return fail(`The stack ${stackName} has no ingest and deliver function, or more than one of each.`);
    }
    const sources = readSources(ingest, deliver);
    if (sources === undefined) {
      return fail(`The catalogue of ${stackName} is of another version, and cannot be read by this one.`);
    }
    const isSameCode = isCode('ingest', ingest) && isCode('deliver', deliver);
    return succeed({ sources, isSameCode });
  } catch (error) {
    return explainRefusal(error, stackName);
  }
}

async function listFunctions(stackName: string): Promise<readonly StackResourceSummary[]> {
  const client = new CloudFormationClient({});
  const found: StackResourceSummary[] = [];
  for await (const page of paginateListStackResources({ client }, { StackName: stackName })) {
    found.push(...(page.StackResourceSummaries ?? []));
  }
  return found.filter(({ ResourceType }) => ResourceType === 'AWS::Lambda::Function');
}

async function readPackage(
  stage: Stage,
  resources: readonly StackResourceSummary[],
): Promise<Package | undefined> {
  const named = resources.filter(({ LogicalResourceId = '' }) => FUNCTIONS[stage].test(LogicalResourceId));
  const [one, ...others] = named;
  if (one?.PhysicalResourceId === undefined || others.length > 0) return undefined;
  const { Code } = await new LambdaClient({}).send(
    new GetFunctionCommand({ FunctionName: one.PhysicalResourceId }),
  );
  // A URL that S3 signed: it needs no other permission.
  const answer = await fetch(Code?.Location ?? '');
  if (!answer.ok)
    throw new Error(`The package of ${one.PhysicalResourceId} could not be read: HTTP ${answer.status}.`);
  return unzipSync(new Uint8Array(await answer.arrayBuffer()));
}

function readSources(ingest: Package, deliver: Package): readonly SideSource[] | undefined {
  const sources = parseCatalogue(ingest, sourceSchema);
  if (sources === undefined) return undefined;
  return parseCatalogue(deliver, mappingSchema)?.flatMap((mapping) => {
    const { profile } = sources.find(({ source }) => source === mapping.source) ?? {};
    return profile === undefined ? [] : [{ profile, mapping }];
  });
}

function parseCatalogue<Entry>(files: Package, entry: z.ZodType<Entry>): readonly Entry[] | undefined {
  const text = Buffer.from(files[CATALOGUE_FILE] ?? []).toString('utf8');
  try {
    return z.array(entry).safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Whether a package has the files that this version would deploy, beside its catalogue. */
function isCode(stage: Stage, deployed: Package): boolean {
  const today = functionCode(HANDLERS[stage]);
  const names = Object.keys(deployed).filter((name) => name !== CATALOGUE_FILE && !name.endsWith('/'));
  return (
    names.length === today.size &&
    names.every((name) => today.get(name)?.equals(deployed[name] ?? Buffer.of()))
  );
}

/** What AWS refuses, and what to do; anything else is not ours to explain. */
function explainRefusal(error: unknown, stackName: string): Result<never, string> {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (/AccessDenied/.test(name)) {
    return fail(
      `${message}\nThe mappings of a stack are read by grantReadMappings (docs/change-a-mapping.md).`,
    );
  }
  if (name === 'ValidationError') {
    return fail(`CloudFormation has no stack ${stackName} in this account and region: ${message}`);
  }
  throw error;
}
