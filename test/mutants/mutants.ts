import type { Mutant } from '../../bench/measure/bundle-mutant.ts';
import type { WorldEvent } from '../../rehearsal/plan/plan.ts';

/** A broken variant of the adapter: the real code with one safeguard wrong. */
export type Twin = {
  readonly name: string;
  readonly mutant: Mutant;
  /** What the rehearsal says of it. */
  readonly foundOut: RegExp;
  /** What has to befall the world for it; the usual, where nothing is said. */
  readonly befalls?: WorldEvent['name'];
  /** The one fault that all webhooks have, for what happens by chance; the usual mixture, where nothing is said. */
  readonly fault?: string;
};

/** The broken variants that the rehearsal's usual faults find out. A text that is no longer there is an error. */
export const TWINS: readonly Twin[] = [
  {
    name: 'no idempotency',
    foundOut: /times too often/,
    mutant: {
      function: 'deliver',
      file: 'deliver/ledger/decision.ts',
      changes: [
        [
          'await attemptWrite(decision.entry, ledger);',
          '{ ok: true, value: { isWritten: true, found: undefined } } as const;',
        ],
      ],
    },
  },
  {
    name: 'check-then-insert race',
    foundOut: /times too often/,
    fault: 'ten at once',
    mutant: {
      function: 'deliver',
      file: 'adapters/ledger-table.ts',
      changes: [
        [
          'await client.send(new PutItemCommand({ TableName, Item: writeItem(entry), ...unlessChanged(entry) }));',
          `const Key = { webhook: { S: entry.webhook }, event: { S: entry.event } };
           const { Item } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
           if (Number(Item?.revision?.N ?? 0) !== entry.revision - 1) return succeed('changed');
           await client.send(new PutItemCommand({ TableName, Item: writeItem(entry) }));`,
        ],
      ],
    },
  },
  {
    name: 'settled before the call',
    foundOut: /: (lost|delivered), not/,
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
    foundOut: /: lost, not/,
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
    foundOut: /\(none, \w+\): never-taken, not delivered/,
    mutant: {
      function: 'ingest',
      file: 'ingest/receive.ts',
      changes: [
        [
          '...request,\n      url,',
          `...request,
           rawBody: (() => {
             const text = Buffer.from(request.rawBody).toString('utf8');
             try { return Buffer.from(JSON.stringify(JSON.parse(text))); } catch { return request.rawBody; }
           })(),
           url,`,
        ],
      ],
    },
  },
  {
    name: 'stale accepted',
    foundOut: /\(stale, \w+\): wrongly-taken/,
    mutant: {
      function: 'ingest',
      file: 'ingest/signature/header.ts',
      changes: [['skewSeconds > toleranceSeconds) {', 'skewSeconds > Number.POSITIVE_INFINITY) {']],
    },
  },
  {
    name: 'batch failed as a whole',
    // What is done comes back only once its hiding has run out: until then the buffer is not empty.
    foundOut: /worked on again for nothing|messages are still on the buffer/,
    // Nothing that SQS itself would bring back: then one message that comes for nothing is one too many.
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
    name: 'secrets logged',
    foundOut: /a secret or an event key is in: log/,
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
    foundOut: /dead letters have no note/,
    mutant: {
      function: 'deliver',
      file: 'dead-letter/message.ts',
      changes: [['...noteAttributes(note)', '']],
    },
  },
];
