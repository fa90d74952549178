import { type BillInput, PRICES } from '../../../cli/stacks/bill.ts';
import type { RequestCounts, Usage } from '../../../cli/stacks/load.ts';
import type { TemplateFacts } from '../../../cli/stacks/template-facts.ts';

const NOTHING: RequestCounts = {
  sends: 0,
  writeUnits: 0,
  readUnits: 0,
  storedBytes: 0,
  calls: 0,
  callBytes: 0,
  ingestLogBytes: 0,
  deliverLogBytes: 0,
  ingestMetrics: 0,
  deliverMetrics: 0,
  stackMetrics: 0,
};

/** Round numbers, so that what follows from them can be calculated by hand. */
const COUNTED: BillInput['counted'] = {
  at: '2026-11-24',
  delivered: {
    sends: 1,
    writeUnits: 6,
    readUnits: 0,
    storedBytes: 2_000,
    calls: 1,
    callBytes: 300,
    ingestLogBytes: 500,
    deliverLogBytes: 700,
    ingestMetrics: 2,
    deliverMetrics: 2,
    stackMetrics: 8,
  },
  duplicate: {
    ...NOTHING,
    sends: 1,
    writeUnits: 4,
    readUnits: 1,
    storedBytes: 1_000,
    ingestLogBytes: 500,
    deliverLogBytes: 500,
    ingestMetrics: 2,
    deliverMetrics: 1,
  },
  ignored: { ...NOTHING, ingestLogBytes: 500, ingestMetrics: 2 },
  furtherEvent: {
    ...NOTHING,
    writeUnits: 3,
    storedBytes: 1_000,
    calls: 1,
    callBytes: 100,
    deliverLogBytes: 700,
  },
};

const FUNCTION = { memoryMegabytes: 512, isArm: true, hasPlatformLogs: false };

const FACTS: TemplateFacts = {
  ingest: FUNCTION,
  deliver: { ...FUNCTION, eventsPerSecond: 5, concurrency: 2, batchSize: 10 },
  sources: 6,
  secrets: 8,
  retentionDays: 30,
  hasPointInTimeRecovery: true,
  accessLogBytes: 300,
  alarmMetrics: 0,
  compositeAlarms: 0,
  dashboards: 0,
  keys: 0,
  natGateways: 0,
  webAcls: 0,
  webAclRules: 0,
  unpriced: [],
};

const USAGE: Usage = {
  webhooks: 1_000_000,
  bodyBytes: 4_096,
  eventsPerWebhook: 1,
  duplicates: 0,
  ignored: 0,
  callSeconds: 0.08,
  mappedEvents: 30,
};

/** A million webhooks a month, each of 4 KB and one event, unless it is said otherwise. */
export function billInput(
  changes: { readonly facts?: Partial<TemplateFacts>; readonly usage?: Partial<Usage> } = {},
): BillInput {
  return {
    facts: { ...FACTS, ...changes.facts },
    usage: { ...USAGE, ...changes.usage },
    counted: COUNTED,
    prices: PRICES,
  };
}
