import { setTimeout as pause } from 'node:timers/promises';
import {
  CloudWatchLogsClient,
  GetQueryResultsCommand,
  type ResultField,
  StartQueryCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { findLogGroups } from './follow-logs.ts';
import type { SlotTrace } from './secret-kind.ts';
import type { ReadSlotUse, SlotUse } from './slot-use.ts';

/** A query over a month of many webhooks takes seconds; one that takes so long does not end. */
const MOST_SECONDS = 120;

/**
 * Slots by the log of a stack on AWS. Logs Insights counts where the lines are: the metric of the same name has neither
 * the stack nor the moment, and reading all lines would take minutes.
 */
export function slotUseOfStack(stackName: string, pollMilliseconds = 1_000): ReadSlotUse {
  return async (trace, since) => {
    const client = new CloudWatchLogsClient({});
    const groups = await findLogGroups(client, stackName);
    if (groups.length === 0) {
      throw new Error(`Stack ${stackName} has no log groups of its functions in this account and region.`);
    }
    const { queryId } = await client.send(
      new StartQueryCommand({
        logGroupNames: [...groups],
        startTime: Math.floor(since.getTime() / 1000),
        endTime: Math.ceil(Date.now() / 1000),
        queryString: queryOf(trace),
      }),
    );
    return (await resultsOf(client, queryId, pollMilliseconds)).flatMap(readRow);
  };
}

async function resultsOf(
  client: CloudWatchLogsClient,
  queryId: string | undefined,
  pollMilliseconds: number,
): Promise<readonly (readonly ResultField[])[]> {
  for (let waited = 0; waited < MOST_SECONDS * 1000; waited += pollMilliseconds) {
    const { status = '', results = [] } = await client.send(new GetQueryResultsCommand({ queryId }));
    if (status === 'Complete') return results;
    if (ENDED_IN_VAIN.includes(status)) break;
    await pause(pollMilliseconds);
  }
  throw new Error('CloudWatch Logs did not answer the query about which slot was used.');
}

const ENDED_IN_VAIN = ['Failed', 'Cancelled', 'Timeout'];

function queryOf({ stage, source }: SlotTrace): string {
  const [slot, filter] =
    stage === 'ingest'
      ? ['secretSlot', `source = "${source}" and ispresent(secretSlot)`]
      : ['keySlot', 'outcome = "delivered" and ispresent(keySlot)'];
  return `filter stage = "${stage}" and ${filter} | stats count(*) as uses, max(@timestamp) as lastAt by ${slot}`;
}

/** `max(@timestamp)` comes in milliseconds, or as text in UTC without saying so. */
function readRow(row: readonly ResultField[]): readonly SlotUse[] {
  const {
    secretSlot,
    keySlot,
    uses,
    lastAt = '',
  } = Object.fromEntries(row.map(({ field, value }) => [field ?? '', value]));
  const slot = keySlot === undefined ? Number(secretSlot) : keySlot === 'primary' ? 0 : 1;
  const at = /^\d+(\.\d+)?$/.test(lastAt)
    ? new Date(Number(lastAt))
    : new Date(`${lastAt.replace(' ', 'T')}Z`);
  return Number.isInteger(slot) && !Number.isNaN(at.getTime())
    ? [{ slot, count: Number(uses), lastAt: at }]
    : [];
}
