import { REFRESH_MILLISECONDS } from '../../lambdas/adapters/secrets-manager.ts';
import { ASSUMED, MONTH_HOURS, MONTH_SECONDS } from './assumptions.ts';
import type { CostInput, CostLine } from './cost-lines.ts';

/** What a month costs, however many webhooks come. */
export function fixedLines({ facts, usage, counted, prices }: CostInput): readonly CostLine[] {
  const input = { facts, usage, counted, prices };
  const lines: readonly (readonly [string, number])[] = [
    [`CloudWatch: ${Math.round(customMetrics(input))} metrics`, customMetrics(input) * prices.metric],
    [`Secrets Manager: ${facts.secrets} secrets`, facts.secrets * prices.secret],
    ['Secrets Manager: reads', (secretReads(input) / 1_000_000) * prices.secretReadsPerMillion],
    ['SQS buffer: polling', (polls() / 1_000_000) * prices.sqs.perMillion],
    [
      'CloudWatch: alarms',
      facts.alarmMetrics * prices.alarmMetric + facts.compositeAlarms * prices.compositeAlarm,
    ],
    ['CloudWatch: dashboards', facts.dashboards * prices.dashboard],
    ['KMS: keys', facts.keys * prices.key],
    ['NAT gateways, without their traffic', facts.natGateways * prices.natGatewayHour * MONTH_HOURS],
    ['WAF: web ACLs and rules', facts.webAcls * prices.webAcl.month + facts.webAclRules * prices.webAcl.rule],
  ];
  return lines.map(([name, dollars]) => ({ name, per: 'month', dollars }));
}

/** A metric is paid for by the hour in which it is sent: with few webhooks, not every hour of the month. */
function customMetrics({ facts, usage, counted }: CostInput): number {
  const { delivered, duplicate } = counted;
  const ofSources = facts.sources * (delivered.ingestMetrics + (usage.ignored > 0 ? 1 : 0));
  const perEvent = delivered.deliverMetrics + (usage.duplicates > 0 ? duplicate.deliverMetrics : 0);
  const perHour = usage.webhooks / MONTH_HOURS;
  const sent = (metrics: number, senders: number) =>
    senders === 0 ? 0 : metrics * Math.min(1, perHour / senders);
  return (
    sent(ofSources, facts.sources) +
    sent(usage.mappedEvents * perEvent, usage.mappedEvents) +
    sent(delivered.stackMetrics, 1)
  );
}

/** Each worker reads each secret anew before it has grown old; one ingest function is enough for most. */
function secretReads({ facts, usage }: CostInput): number {
  const secrets = facts.sources + facts.deliver.concurrency;
  const often = MONTH_SECONDS / (REFRESH_MILLISECONDS / 1000);
  return Math.min(secrets * often, 2 * usage.webhooks);
}

function polls(): number {
  return ASSUMED.pollers * (MONTH_SECONDS / ASSUMED.pollSeconds);
}
