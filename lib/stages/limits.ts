/**
 * What AWS takes of one adapter, and what to do where it is more. Each function gives sentences for a person; none of them
 * needs the CDK, so that `stages.yaml` is held against the same limits.
 */

/** The secret of Webex Campaign's keys, after the adapter's name: no source may have this name. */
export const KEYS_SECRET = 'webex-campaign';

/** SQS takes 80 characters for a queue (CreateQueue, `QueueName`), and the longest ends with `-dead-letter`. */
const LONGEST_NAME = 80 - '-dead-letter'.length;

/** What is wrong with the name that an adapter's resources begin with. */
export function findUnfitName(name: string): string | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(name)) {
    return `expected letters, digits, "-" and "_", which a queue's name may have; found "${name}".`;
  }
  if (name.length <= LONGEST_NAME) return undefined;
  return `expected ${LONGEST_NAME} characters at most, as a queue's name has 80; "${name}" has ${name.length}. Give the adapter a shorter name.`;
}

/** A source's name stands in the names of its alarms, which have 255 characters at most (PutMetricAlarm, `AlarmName`). */
const LONGEST_SOURCE = 64;

/** What is wrong with the name of a source, though it is well-formed. */
export function findUnfitSource(source: string): string | undefined {
  if (source === KEYS_SECRET)
    return `"${source}" is the name of the secret with the keys of Webex Campaign, in all commands. Rename the folder.`;
  if (source.length <= LONGEST_SOURCE) return undefined;
  return `expected ${LONGEST_SOURCE} characters at most, found ${source.length}. Rename the folder.`;
}

/** CloudFormation's ids have no hyphens: sources that differ by them alone would have one output. */
export function findEqualIds(sources: readonly string[]): readonly string[] {
  const byId = Map.groupBy(sources, (source) => source.replaceAll(/[^A-Za-z0-9]/g, ''));
  return [...byId.values()]
    .filter(({ length }) => length > 1)
    .map((equal) => `${equal.join(', ')}: CloudFormation leaves hyphens out of ids. Rename all but one.`);
}

/** AWS keeps so many executions of an account for functions that reserve none (Lambda developer guide, "Reserved concurrency"). */
const UNRESERVED = 100;

/** The executions that a stage claims of the account's limit. */
export type Executions = {
  /** Kept for ingest; none where it shares what the account has. */
  readonly ingest: number | undefined;
  /** Workers of deliver. */
  readonly deliver: number;
  /** What the account can run at a time. */
  readonly account: number | undefined;
};

/** The default of `lambda-concurrency`. */
export const ACCOUNT_CONCURRENCY = 1_000;

/** Why executions do not fit into the account's limit, by the function that claims too many. */
export function findUnfitExecutions({
  ingest,
  deliver,
  account = ACCOUNT_CONCURRENCY,
}: Executions): Readonly<Partial<Record<'ingest' | 'deliver', string>>> {
  const free = account - UNRESERVED;
  const kept = `the account runs ${account} at a time (lambda-concurrency), of which AWS keeps ${UNRESERVED} for functions that reserve none`;
  return {
    ...(ingest !== undefined && ingest > free && { ingest: `${kept}: ${formatAtMost(free)}.` }),
    ...(deliver > account && {
      deliver: `the account runs ${account} functions at a time (lambda-concurrency): give ${account} at most.`,
    }),
  };
}

function formatAtMost(free: number): string {
  return free > 0 ? `give ${free} at most` : 'none can be reserved. Remove it, or ask AWS for a higher limit';
}

/** CloudFormation's limits of a template ("CloudFormation quotas"). */
const MOST = { resources: 500, outputs: 200 } as const;

/** What a stack is made of, in numbers. */
export type StackSize = {
  readonly stack: string;
  readonly sources: number;
  readonly resources: number;
  readonly outputs: number;
  /** The resources that one source brings, on average. */
  readonly resourcesPerSource: number;
};

/** Why a stack is larger than CloudFormation takes, with how many sources would fit. */
export function findTooLarge(size: StackSize): readonly string[] {
  const over = (['resources', 'outputs'] as const).filter((kind) => size[kind] > MOST[kind]);
  if (over.length === 0) return [];
  const counts = over.map((kind) => `${size[kind]} ${kind}, and CloudFormation takes ${MOST[kind]}`);
  const fitting = Math.min(
    size.sources - Math.ceil((size.resources - MOST.resources) / size.resourcesPerSource),
    size.sources - (size.outputs - MOST.outputs),
    size.sources,
  );
  const advice =
    fitting > 0
      ? `${fitting} sources fit. Make two stages of it: each has a stack of its own, and a folder of its own with some of the sources ("mappings:" in stages.yaml).`
      : 'Even without a source it would not fit. Give the adapter a stack of its own.';
  return [`${size.stack} with ${size.sources} sources would have ${counts.join('; ')}. ${advice}`];
}
