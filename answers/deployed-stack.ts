import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  paginateListStackResources,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import { ledgerTableName } from '../lambdas/deliver/ledger/entry.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';

/** An adapter on AWS. */
export type DeployedAdapter = {
  /** What the names of its queues, ledger and secrets begin with. */
  readonly name: string;
  /** CloudFormation names functions and log groups, after its stack. */
  readonly functions: readonly OfFunction[];
  readonly logGroups: readonly OfFunction[];
  /** The function that gives a customer's hash; adapters of 0.1.0 have none. */
  readonly searchFunction: string | undefined;
};

/** A resource that each function has one of, by the function's stage. */
export type OfFunction = { readonly stage: 'ingest' | 'deliver'; readonly name: string };

/** Ids of resources in a template: where they stand in the construct, and a hash of that. */
const LEDGER = /^(.*)LedgerTable[0-9A-F]{8}$/;
const FUNCTION = /^(.*?)(Ingest|Deliver|Search)Function(Logs)?[0-9A-F]{8}$/;

/**
 * Finds the adapter that a person means: by its own name, or by that of its stack. They are the same unless the app gives
 * the adapter another. Fails with a sentence where there is none, and where a stack has several.
 */
export async function findAdapter(
  given: string,
  client = new CloudFormationClient({}),
): Promise<Result<DeployedAdapter, string>> {
  const stackName = (await stackOfLedger(client, given)) ?? given;
  try {
    const resources = await listResources(stackName, client);
    return chooseAdapter(given, resources);
  } catch (error) {
    return fail(
      isMissingStack(error)
        ? `There is no adapter and no stack "${given}" in this account and region.`
        : `CloudFormation has not said what the stack "${given}" has (${messageOf(error)}). If the stack has another name than the adapter, name the stack.`,
    );
  }
}

/** The stack whose resource a ledger of this name is. A role that may not ask is none that is known by the adapter's name. */
async function stackOfLedger(client: CloudFormationClient, name: string): Promise<string | undefined> {
  try {
    const { StackResources = [] } = await client.send(
      new DescribeStackResourcesCommand({ PhysicalResourceId: ledgerTableName(name) }),
    );
    return StackResources[0]?.StackName;
  } catch {
    return undefined;
  }
}

/** All resources of a stack. Throws an error of `isMissingStack` where there is no such stack. */
export async function listResources(
  StackName: string,
  client = new CloudFormationClient({}),
): Promise<readonly StackResourceSummary[]> {
  const all: StackResourceSummary[] = [];
  for await (const page of paginateListStackResources({ client }, { StackName })) {
    all.push(...(page.StackResourceSummaries ?? []));
  }
  return all;
}

/** Whether CloudFormation has answered that it does not know a stack. */
export function isMissingStack(error: unknown): boolean {
  return error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message);
}

/** Chooses an adapter among the resources of a stack. */
function chooseAdapter(
  given: string,
  resources: readonly StackResourceSummary[],
): Result<DeployedAdapter, string> {
  const adapters = resources.flatMap(({ LogicalResourceId = '', PhysicalResourceId: table = '' }) => {
    const [, place] = LEDGER.exec(LogicalResourceId) ?? [];
    const name = table.slice(0, -ledgerTableName('').length);
    return place !== undefined && ledgerTableName(name) === table ? [{ name, place }] : [];
  });
  const [only, ...others] = adapters;
  const chosen = adapters.find(({ name }) => name === given) ?? (others.length === 0 ? only : undefined);
  if (chosen === undefined) {
    const names = adapters.map(({ name }) => name).join(', ');
    return fail(
      only === undefined
        ? `The stack "${given}" has no adapter.`
        : `The stack "${given}" has several adapters. Name one of them: ${names}.`,
    );
  }
  const parts = resources.flatMap(({ LogicalResourceId = '', PhysicalResourceId: name = '' }) => {
    const [, place, stage = '', logs] = FUNCTION.exec(LogicalResourceId) ?? [];
    const isOf = place !== undefined && (others.length === 0 || place === chosen.place);
    return isOf ? [{ stage: stage.toLowerCase(), name, isLogs: logs !== undefined }] : [];
  });
  const ofStages = (wanted: boolean) =>
    parts.flatMap(({ stage, name, isLogs }): readonly OfFunction[] =>
      isLogs === wanted && (stage === 'ingest' || stage === 'deliver') ? [{ stage, name }] : [],
    );
  return succeed({
    name: chosen.name,
    functions: ofStages(false),
    logGroups: ofStages(true),
    searchFunction: parts.find(({ stage, isLogs }) => stage === 'search' && !isLogs)?.name,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
