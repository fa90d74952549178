import type { EventRequest } from '../../../lambdas/deliver/event-api/caller.ts';
import type { Attempt } from '../../../lambdas/deliver/event-api/verdict.ts';
import { formatUnknownProbe } from '../../../lambdas/deliver/log-line.ts';
import { formatReceived } from '../../../lambdas/ingest/log-line.ts';
import type { Reception } from '../../../lambdas/ingest/receive.ts';
import { findProfile } from '../../../lambdas/ingest/signature/profiles/profiles.ts';
import { fail } from '../../../lambdas/result.ts';
import { NOW, record, setUp } from '../../lambdas/deliver/deliver-setup.ts';
import { answerByKey } from '../../lambdas/deliver/event-api/answer-by-key.ts';

const KEYS = ['ann', 'bob', 'cat', 'dan', 'eve', 'fay'];

/** A log line that makes metrics. */
export type MetricLine = Readonly<Record<string, unknown>> & {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit?: string }[];
    }[];
  };
};

/** Lines as ingest writes them: of what is taken, forged, and not set up. */
function ingestLines(): readonly object[] {
  const profile = findProfile('stripe');
  if (profile === undefined) throw new Error('There is no profile.');
  const source = { source: 'stripe', secret: 's', profile, eventTypes: [], mappedHeaders: [] };
  const webhook = {
    ...{ source: 'stripe', eventTypes: ['invoice.paid'], deduplicationId: 'evt_1', webhookId: 'ours' },
    ...{ receivedAt: NOW, bodyFormat: 'json' as const, headers: {}, rawBody: Buffer.from('{}') },
  };
  const receptions: readonly Reception[] = [
    { source, received: { ok: true, value: { code: 'buffered', webhook, secretIndex: 1, secretsKept: 2 } } },
    { source, received: fail({ code: 'no-matching-secret', secretsTried: 2 }) },
    { source, received: fail({ code: 'secret-missing', secret: 's' }) },
  ];
  return receptions.map((reception) => formatReceived('r1', NOW, reception));
}

/** Lines as deliver writes them: of every outcome of an event, and of every pause. */
async function deliverLines(): Promise<readonly object[]> {
  const answer = (code: number): Attempt => ({
    ...{ kind: 'answered', status: 401, retryAfter: undefined },
    body: JSON.stringify({ code }),
  });
  const call = (attempt: Attempt) => ({ call: async (_: EventRequest) => attempt });
  const noKeys = { readKeys: async () => fail({ code: 'secret-missing', secret: 'webex-campaign' }) };
  const noLedger = { write: async () => fail({ code: 'ledger-unavailable', cause: 'TimeoutError' }) };
  const well = setUp({}, { call: answerByKey });
  // All at once, so that none waits because of another's answer. And one that no mapping knows.
  await well.deliver(...KEYS.map((key) => record(key)), record('gus', 'gone'));
  const unwell = [
    setUp({}, call(answer(498))),
    setUp({}, call({ kind: 'no-answer', cause: 'timeout' })),
    setUp({}, noKeys),
    setUp({ ledger: { ...setUp().ledger, ...noLedger } }),
    setUp({ isPaused: async () => true }),
  ];
  for (const { deliver } of unwell) {
    // One after the other, until the breaker of a failing endpoint has opened.
    for (const key of KEYS) await deliver(record(key, 'again'));
  }
  return [
    ...[well, ...unwell].flatMap(({ lines }) => lines),
    formatUnknownProbe({ status: 403, code: '403' }, NOW),
  ];
}

/** Lines of both functions, each made by what makes them in Lambda. */
export async function writtenLines(): Promise<readonly MetricLine[]> {
  return [...ingestLines(), ...(await deliverLines())] as readonly MetricLine[];
}
