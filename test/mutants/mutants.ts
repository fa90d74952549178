import type { Mutant } from '../../bench/sections/functions.ts';
import type { WorldEvent } from '../../rehearsal/plan/plan.ts';

/** The real code with one safeguard taken out, for the stories. */
export const STORY_MUTANTS = {
  verifierUnwired: {
    function: 'ingest',
    file: 'ingest/receive.ts',
    changes: [
      [
        'await verifyWebhook(source, request, receivedAt, dependencies);',
        "succeed({ code: 'verified', secretIndex: 0, secret: '', receivedAt }) as Awaited<ReturnType<typeof verifyWebhook>>;",
      ],
    ],
  },
  claimRemoved: {
    function: 'deliver',
    file: 'deliver/ledger/decision.ts',
    changes: [
      [
        'await attemptWrite(decision.entry, ledger);',
        '{ ok: true, value: { isWritten: true, found: undefined } } as const;',
      ],
    ],
  },
  settlingRemoved: {
    function: 'deliver',
    file: 'deliver/ledger/decision.ts',
    changes: [['await attemptWrite(next, ledger);', '{ ok: true, value: { isWritten: true } } as const;']],
  },
  batchResponseDropped: {
    function: 'deliver',
    file: 'deliver/handler.ts',
    changes: [['kept.map((itemIdentifier) => ({ itemIdentifier }))', '[]']],
  },
  codeIgnored: {
    function: 'deliver',
    file: 'deliver/event-api/verdict.ts',
    changes: [['readCode(data.code)', 'readCode(undefined)']],
  },
  eventKeyNotHashed: {
    function: 'deliver',
    file: 'deliver/ledger/entry.ts',
    changes: [["createHmac('sha256', hashKey).update(eventKey).digest('hex')", 'eventKey']],
  },
} as const satisfies Readonly<Record<string, Mutant>>;

/** A mutant for the rehearsal, and what the rehearsal has to find. */
type RehearsalMutant = {
  readonly name: string;
  readonly mutant: Mutant;
  /** The sentence that the rehearsal has to report. */
  readonly finding: RegExp;
  /**
   * What befalls the world.
   * @default the usual
   */
  readonly befalls?: WorldEvent['name'];
  /**
   * The one fault that all webhooks have, where the usual mixture finds the mutant only by chance.
   * @default the usual mixture
   */
  readonly fault?: string;
};

/** The mutants that the rehearsal finds with its usual faults. */
export const REHEARSAL_MUTANTS: readonly RehearsalMutant[] = [
  {
    name: 'no idempotency',
    finding: /times too often/,
    mutant: STORY_MUTANTS.claimRemoved,
  },
  {
    name: 'check-then-insert race',
    finding: /times too often/,
    fault: 'ten at once',
    mutant: {
      function: 'deliver',
      file: 'adapters/ledger-table.ts',
      changes: [
        [
          'write: (entry) => put({ Item: writeItem(entry), ...unlessChanged(entry.revision - 1) }, ENTRY),',
          `write: async (entry) => {
             const Key = { webhook: { S: entry.webhook }, event: { S: entry.event } };
             const { Item } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
             if (Number(Item?.revision?.N ?? 0) !== entry.revision - 1) return succeed('changed');
             return put({ Item: writeItem(entry) }, ENTRY);
           },`,
        ],
      ],
    },
  },
  {
    name: 'settled before the call',
    finding: /: (lost|delivered), not/,
    mutant: {
      function: 'deliver',
      file: 'deliver/event.ts',
      changes: [
        [
          'const called = await caller.call(',
          `const early = { state: 'delivered', transactionId: 'none', answer: { status: 200 } } as const;
           await writeSettled(settleEntry(entry, early, now()), dependencies);
           const called = await caller.call(`,
        ],
      ],
    },
  },
  {
    name: 'acknowledged before buffered',
    finding: /: lost, not/,
    befalls: 'sends-refused',
    mutant: {
      function: 'ingest',
      file: 'ingest/handler.ts',
      changes: [
        [
          'const put = await queues.put(BUFFER_QUEUE_URL, message.value);',
          'void queues.put(BUFFER_QUEUE_URL, message.value); const put = { ok: true, value: undefined } as const;',
        ],
      ],
    },
  },
  {
    name: 'verified after parsing',
    finding: /\(none, \w+\): never-taken, not delivered/,
    mutant: {
      function: 'ingest',
      file: 'ingest/receive.ts',
      changes: [
        [
          '{ ...request, url, receivedAt }',
          `{ ...request,
           rawBody: (() => {
             const text = Buffer.from(request.rawBody).toString('utf8');
             try { return Buffer.from(JSON.stringify(JSON.parse(text))); } catch { return request.rawBody; }
           })(),
           url, receivedAt }`,
        ],
      ],
    },
  },
  {
    name: 'stale accepted',
    finding: /\(stale, \w+\): wrongly-taken/,
    mutant: {
      function: 'ingest',
      file: 'ingest/signature/header.ts',
      changes: [['skewSeconds > toleranceSeconds) {', 'skewSeconds > Number.POSITIVE_INFINITY) {']],
    },
  },
  {
    name: 'batch failed as a whole',
    // Messages that are done come back only when their visibility timeout ends: until then the buffer is not empty.
    finding: /worked on again for nothing|messages are still on the buffer/,
    // An event after which SQS brings nothing back: then one message that comes back is one too many.
    befalls: 'primary-revoked',
    mutant: {
      function: 'deliver',
      file: 'deliver/batch.ts',
      changes: [
        [
          "return records.flatMap(({ messageId }, index) => (fates[index] === 'done' ? [] : [messageId]));",
          "return fates.includes('kept') ? records.map(({ messageId }) => messageId) : [];",
        ],
      ],
    },
  },
  {
    name: 'identity of the request alone',
    finding: /re-cut retry, park\): (accepted \d+ times too often|.*not delivered)/,
    fault: 're-cut retry',
    mutant: {
      function: 'deliver',
      file: 'map/webhook.ts',
      changes: [
        [
          'const identity = await identityOf(compiled.identity, scope);',
          'const identity = { ...(await identityOf(compiled.identity, scope)), ok: true as const, value: undefined };',
        ],
      ],
    },
  },
  {
    name: 'secrets logged',
    finding: /a secret or an event key is in: log/,
    mutant: {
      function: 'deliver',
      file: 'adapters/webex-campaign.ts',
      changes: [
        [
          'async ({ method, headers, body }) => {',
          'async ({ method, headers, body }) => { console.log(JSON.stringify(headers));',
        ],
      ],
    },
  },
  {
    name: 'note not written',
    finding: /dead letters have no note/,
    mutant: {
      function: 'deliver',
      file: 'dead-letter/note.ts',
      changes: [['noteAttributes(note)', '{}']],
    },
  },
];

/** A budget that a rehearsal can wait for: ten minutes of the queues' clock. */
const TEN_MINUTES = ['budgetSeconds: 86_400', 'budgetSeconds: 600'] as const;

/** The real code with a short budget. */
export const SHORT_BUDGET: Mutant = {
  function: 'deliver',
  file: 'deliver/retry-schedule.ts',
  changes: [TEN_MINUTES],
};

/** A mutant that shows only once the budget is over. */
export const UNBOUNDED_RETRY: Mutant = {
  ...SHORT_BUDGET,
  changes: [
    TEN_MINUTES,
    ['return now.getTime() - firstSeenAt.getTime() >= RETRY_SCHEDULE.budgetSeconds * 1000;', 'return false;'],
  ],
};
