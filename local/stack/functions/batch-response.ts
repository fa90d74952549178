import * as z from 'zod';
import type { Invocation } from './sandbox.ts';

const responseSchema = z.object({
  batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish(),
});

/**
 * Which messages of a batch a function has not worked off. Nothing or an empty list means that all succeeded; a wrong
 * form, or an error, that all failed. Source: Lambda developer guide, "Reporting batch item failures".
 */
export function readBatchResponse(
  invocation: Invocation,
  messageIds: readonly string[],
  reportsFailures: boolean,
): readonly string[] | 'all' {
  if (!invocation.ok) return 'all';
  if (!reportsFailures || invocation.value === null) return [];
  const response = responseSchema.safeParse(invocation.value);
  if (!response.success) return 'all';
  const failed = (response.data.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier);
  return failed.every((id) => messageIds.includes(id)) ? failed : 'all';
}
