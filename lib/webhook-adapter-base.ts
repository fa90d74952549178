import type {
  MathExpression,
  MathExpressionOptions,
  Metric,
  MetricOptions,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { grantActing, grantReading, grantSetting, type OperatedParts } from './adapter-grants.ts';
import {
  adapterMetric,
  type CountedEvents,
  eventsMetric,
  refusedMetric,
  sourceMetric,
} from './adapter-metrics.ts';
import type { BufferQueue } from './buffer/buffer-queue.ts';
import type { DeadLetterQueue } from './dead-letter/dead-letter-queue.ts';
import type { DeliverWorker } from './deliver/deliver-worker.ts';
import type { Ledger } from './deliver/ledger.ts';
import type { IngestEndpoint } from './ingest/ingest-endpoint.ts';

/** What can be done with an adapter once it is made. */
export abstract class WebhookAdapterBase extends Construct {
  /** What the names of its queues begin with. The commands are told it: `--stack <name>`. */
  abstract readonly name: string;
  /** The API, the function that verifies, and the signing secrets. */
  abstract readonly ingest: IngestEndpoint;
  /** The queue of webhooks that wait for deliver. */
  abstract readonly buffer: BufferQueue;
  /** The table that knows what became of every event. */
  abstract readonly ledger: Ledger;
  /** The function that maps and calls, and the secret of Webex Campaign's keys. */
  abstract readonly deliver: DeliverWorker;
  /** The queue of what could not be delivered. */
  abstract readonly deadLetter: DeadLetterQueue;
  /** The URLs to register at the vendors, by source. */
  abstract readonly webhookUrls: ReadonlyMap<string, string>;

  /** The URL to register at a source's vendor. */
  webhookUrl(source: string): string {
    return this.webhookUrls.get(this.known(source)) ?? '';
  }

  /** Lets somebody find out what happened, with `--stack`: `dead-letter list`, `dead-letter show`, `explain`, `tail`. */
  grantRead(grantee: IGrantable): Grant {
    return grantReading(this.operatedParts(), grantee);
  }

  /** Lets somebody do all of `grantRead`, and act on dead letters: `dead-letter replay`, `dead-letter drop`. */
  grantOperate(grantee: IGrantable): Grant {
    return grantActing(this.operatedParts(), grantee);
  }

  /** Lets somebody set, read and rotate all secrets that a person has to set. Whoever has it can sign as any source. */
  grantSetSecrets(grantee: IGrantable): Grant {
    const kept = [...this.ingest.signingSecrets.values(), this.deliver.webexKeys];
    const secrets = kept.map(({ secret }) => secret);
    return grantSetting(this.operatedParts(), secrets, grantee);
  }

  /** How many events Webex Campaign has accepted. */
  metricDelivered(props: MetricOptions = {}): Metric {
    return adapterMetric(this.name, 'DeliveryDelay', { statistic: 'SampleCount', ...props });
  }

  /** How long a delivered event took, from the buffer to "accepted", in milliseconds; p95 unless you say otherwise. */
  metricDeliveryDelay(props: MetricOptions = {}): Metric {
    return adapterMetric(this.name, 'DeliveryDelay', { statistic: 'p95', ...props });
  }

  /** How long a call of the event API took, in milliseconds; p95 unless you say otherwise. */
  metricCallDuration(props: MetricOptions = {}): Metric {
    return adapterMetric(this.name, 'CallDuration', { statistic: 'p95', ...props });
  }

  /** How many events and webhooks were dead-lettered. How many lie there is a metric of `deadLetter.queue`. */
  metricDeadLettered(props: MetricOptions = {}): Metric {
    return adapterMetric(this.name, 'DeadLetters', props);
  }

  /** How many calls ended so that nobody can tell whether the event was accepted. */
  metricUnconfirmed(props: MetricOptions = {}): Metric {
    return adapterMetric(this.name, 'UnconfirmedEvents', props);
  }

  /** How many webhooks were answered 503, as a secret is missing or wrong. */
  metricMisconfigured(props: MetricOptions = {}): Metric {
    return adapterMetric(this.name, 'Misconfigurations', props);
  }

  /** How many webhooks of a source verified. */
  metricVerified(source: string, props: MetricOptions = {}): Metric {
    return sourceMetric(this.name, this.known(source), 'VerifiedWebhooks', props);
  }

  /** How many webhooks were signed in the form of a source and did not verify: forged, or signed with a secret unknown here. */
  metricRefused(source: string, props: MathExpressionOptions = {}): MathExpression {
    return refusedMetric(this.name, this.known(source), props);
  }

  /** How many events of one kind ended in one way: what marketing asks about one message. */
  metricEvents(counted: CountedEvents, props: MetricOptions = {}): Metric {
    return eventsMetric(this.name, { ...counted, source: this.known(counted.source) }, props);
  }

  private operatedParts(): OperatedParts {
    return {
      buffer: this.buffer.queue,
      deadLetter: this.deadLetter.queue,
      ledger: this.ledger.table,
      functions: [this.ingest.function, this.deliver.function],
    };
  }

  /** A source that is not there would have a metric that never counts. */
  private known(source: string): string {
    if (this.webhookUrls.has(source)) return source;
    throw new Error(`There is no source "${source}". There are: ${[...this.webhookUrls.keys()].join(', ')}.`);
  }
}
