import { Annotations, CfnOutput, CfnResource, Stack, Token } from 'aws-cdk-lib';
import type {
  MathExpression,
  MathExpressionOptions,
  Metric,
  MetricOptions,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { bufferQueueName } from '../lambdas/buffer/message.ts';
import { deadLetterQueueName } from '../lambdas/dead-letter/note.ts';
import { Alarms } from './alarms/alarms.ts';
import { Dashboard } from './alarms/dashboard.ts';
import type { AlarmSettings } from './alarms/stage-alarm.ts';
import { BufferQueue } from './buffer/queue.ts';
import { formatProblems } from './config/file.ts';
import { DeadLetterQueue } from './dead-letter/queue.ts';
import { Ledger } from './deliver/ledger.ts';
import { rateOf } from './deliver/times.ts';
import { type DeliverSettings, DeliverWorker, type DeliverWorkerProps } from './deliver/worker.ts';
import { IngestEndpoint, type IngestSettings } from './ingest/endpoint.ts';
import { checkStage, findUnfitMappings } from './mapping/contract-check.ts';
import { type MappingFile, sourceOf } from './mapping/file.ts';
import { resolveMapping, secretNameOf } from './mapping/schema.ts';
import { CustomerSearch } from './operate/customer-search.ts';
import {
  grantActing,
  grantErasing,
  grantReading,
  grantReadingMappings,
  grantSetting,
  type OperatedParts,
} from './operate/grants.ts';
import {
  adapterMetric,
  type CountedEvents,
  eventsMetric,
  refusedMetric,
  sourceMetric,
} from './operate/metrics.ts';
import { allowLogs, type DataProtection } from './protection/data-protection.ts';
import {
  findTooLarge,
  findUnfitExecutions,
  findUnfitName,
  findUnfitSource,
  KEYS_SECRET,
} from './stages/limits.ts';
import { eventUrlSchema } from './stages/stages.ts';

export type WebhookAdapterProps = IngestSettings &
  DeliverSettings &
  DataProtection & {
    /**
     * The whole URL of the tenant's Webex Campaign event API; `https`, or `http` to loopback. It may be a token; with `vpc`, its
     * port is 443 then. There is no default.
     */
    readonly eventUrl: string;
    /** What may send webhooks, and what becomes of them, one mapping at least: `readMappings('mappings')`. */
    readonly mappings: readonly MappingFile[];
    /**
     * Which event ids to take, where a mapping has one per stage.
     * @default none: every event has to have one id for all stages
     */
    readonly stage?: string | undefined;
    /**
     * Whether event ids may be placeholders, as those of examples are: where no customer can be messaged.
     * @default they may not
     */
    readonly placeholders?: 'allowed' | undefined;
    /**
     * A network that the deliver function calls from, by its private subnets; they need a way out to the internet. Where it
     * leaves by a NAT gateway, Webex Campaign sees that one's address.
     * @default none: calls come from addresses that Lambda shares
     */
    readonly vpc?: IVpc | undefined;
    /**
     * Begins the names of the API, the queues, the ledger, the secrets (`<name>/webhooks/stripe`), the alarms and the dashboard:
     * no two adapters of an account and region may have the same. Letters, digits, "-" and "_", 68 at most.
     * @default the name of the stack
     */
    readonly name?: string | undefined;
    /**
     * Name of the secret that is to hold the Webex Campaign API user's keys, after `<name>/`.
     * @default webex-campaign
     */
    readonly keysSecretName?: string;
    /**
     * Whom alarms reach, and what counts as late or silent; `none` leaves out alarms and topics, for who has alarms of their own.
     * @default every alarm, sent to two topics that nobody is subscribed to
     */
    readonly alarms?: AlarmSettings | 'none' | undefined;
  };

/**
 * The bridge: webhooks of any SaaS come in at `webhookUrl(source)`, and leave as calls of the Webex Campaign event API. Each
 * of its stages is a construct of its own, whose resources are there to be built upon.
 */
export class WebhookAdapter extends Construct {
  /** What the names of its queues begin with. Give it to the commands: `--stack <name>`. */
  readonly name: string;
  /** The API, the function that verifies, and the signing secrets. */
  readonly ingest: IngestEndpoint;
  /** The queue of webhooks that wait for deliver. */
  readonly buffer: BufferQueue;
  /** The table that keeps what became of every event. */
  readonly ledger: Ledger;
  /** The function that maps and calls, and the secret of Webex Campaign's keys. */
  readonly deliver: DeliverWorker;
  /** The queue of what could not be delivered. */
  readonly deadLetter: DeadLetterQueue;
  /** The URLs to register at the vendors, by source. */
  readonly webhookUrls: ReadonlyMap<string, string>;
  /** The function that turns an event key into the hash by which the ledger knows a customer. */
  readonly search: CustomerSearch;
  /** Missing where the settings say `alarms: 'none'`. */
  readonly alarms: Alarms | undefined;
  readonly dashboard: Dashboard;
  private readonly mappings: readonly MappingFile[];

  constructor(scope: Construct, id: string, props: WebhookAdapterProps) {
    super(scope, id);
    const { mappings, name = Stack.of(this).stackName } = props;
    this.name = name;
    this.mappings = mappings;
    const calls = this.prepare(props);
    const named = { name, protection: props };

    // A webhook passes ingest, buffer, deliver and, at worst, dead-letter; what is pointed at has to be made first.
    this.deadLetter = new DeadLetterQueue(this, 'DeadLetter', {
      ...named,
      name: deadLetterQueueName(name),
    });
    this.buffer = new BufferQueue(this, 'Buffer', {
      ...named,
      name: bufferQueueName(name),
      deadLetter: this.deadLetter.queue,
    });
    this.ingest = new IngestEndpoint(this, 'Ingest', {
      ...named,
      sources: mappings.map(sourceOf),
      buffer: this.buffer.queue,
      settings: props,
    });
    this.ledger = new Ledger(this, 'Ledger', named);
    this.deliver = new DeliverWorker(this, 'Deliver', {
      ...named,
      ...calls,
      buffer: this.buffer.queue,
      deadLetter: this.deadLetter.queue,
      ledger: this.ledger,
      settings: props,
    });
    this.search = new CustomerSearch(this, 'Search', { ...named, of: this });
    this.webhookUrls = webhookUrlsAt(this.ingest.publicUrl, mappings);

    ({ alarms: this.alarms, dashboard: this.dashboard } = this.watch(props));
  }

  /** The URL to register at a source's vendor. */
  webhookUrl(source: string): string {
    return this.webhookUrls.get(this.known(source)) ?? '';
  }

  /** Lets somebody find out what happened, with `--stack`: `dead-letter list`, `dead-letter show`, `explain`, `tail`. */
  grantRead(grantee: IGrantable): Grant {
    return grantReading(this.operatedParts(), grantee);
  }

  /** Lets somebody read which mappings are deployed, and no data of a customer: `diff --stack`, for a pipeline. */
  grantReadMappings(grantee: IGrantable): Grant {
    return grantReadingMappings(this.operatedParts(), grantee);
  }

  /** Lets somebody do all of `grantRead`, and act on dead letters: `dead-letter replay`, `dead-letter drop`. */
  grantOperate(grantee: IGrantable): Grant {
    return grantActing(this.operatedParts(), grantee);
  }

  /** Lets somebody do all of `grantRead`, and find a customer's events by her address or number: `explain --customer`. */
  grantSearch(grantee: IGrantable): Grant {
    return this.grantRead(grantee).combine(this.search.grantInvoke(grantee));
  }

  /** Lets somebody do all of `grantOperate` and `grantSearch`, and erase what is kept of a customer: `erase --customer`. */
  grantErase(grantee: IGrantable): Grant {
    return grantErasing(this.operatedParts(), grantee).combine(this.search.grantInvoke(grantee));
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
    const { source, event } = counted;
    const mapping = this.mappings.find((one) => one.source === this.known(source));
    const names = mapping?.events.map(({ name }) => name) ?? [];
    if (!names.includes(event)) {
      throw new Error(`There is no event "${event}" of ${source}. There are: ${names.join(', ')}.`);
    }
    return eventsMetric(this.name, counted, props);
  }

  /** Checks what a deploy would fail at (the size once all is there, as the app may add to the stack), and opens the key. */
  private prepare(props: WebhookAdapterProps): ReturnType<typeof callsOf> {
    refuseUnfit(this, props);
    this.node.addValidation({ validate: () => [...findTooLarge(this.size())] });
    checkEventUrl(props.eventUrl);
    checkDefinitions(this, props);
    const calls = callsOf(this.name, props);
    allowLogs(this, { ...props, name: this.name });
    return calls;
  }

  private watch({ alarms = {} }: WebhookAdapterProps): Pick<WebhookAdapter, 'alarms' | 'dashboard'> {
    const rules = alarms === 'none' ? undefined : alarms;
    const built = rules && new Alarms(this, 'Alarms', { ...this.watched(), settings: rules });
    const dashboard = new Dashboard(this, 'Dashboard', { ...this.watched(), ...rules, alarms: built });
    return { alarms: built, dashboard };
  }

  /** What alarms and dashboard look at. */
  private watched() {
    const { name, ingest, buffer, ledger, deliver, deadLetter } = this;
    return { name, ingest, buffer, ledger, deliver, deadLetter, sources: [...this.webhookUrls.keys()] };
  }

  private operatedParts(): OperatedParts {
    return {
      buffer: this.buffer.queue,
      deadLetter: this.deadLetter.queue,
      ledger: this.ledger.table,
      functions: [this.ingest.function, this.deliver.function],
    };
  }

  /** How much of a stack there is once it is complete, whoever has put it there. */
  private size(): Parameters<typeof findTooLarge>[0] {
    const stack = Stack.of(this);
    const elements = stack.node.findAll().filter((one) => Stack.of(one) === stack);
    const ofSources = (this.alarms?.ofSources ?? 0) + this.ingest.signingSecrets.size;
    return {
      stack: stack.stackName,
      sources: this.webhookUrls.size,
      resources: elements.filter((one) => CfnResource.isCfnResource(one)).length,
      outputs: elements.filter((one) => one instanceof CfnOutput).length,
      resourcesPerSource: ofSources / this.webhookUrls.size,
    };
  }

  /** A source that is not there would have a metric that never counts. */
  private known(source: string): string {
    if (this.webhookUrls.has(source)) return source;
    throw new Error(`There is no source "${source}". There are: ${[...this.webhookUrls.keys()].join(', ')}.`);
  }
}

/** Throws where the settings would fail at deploy time, or would have two adapters share what belongs to one. */
function refuseUnfit(adapter: WebhookAdapter, props: WebhookAdapterProps): void {
  const { mappings, alarms, ingestConcurrency, concurrency } = props;
  if (mappings.length === 0)
    throw new Error("mappings: there is none. Give one at least: readMappings('mappings').");
  refuseUnfitName(adapter);
  const sources = mappings.flatMap(({ source }) => {
    const unfit = findUnfitSource(source);
    return unfit === undefined ? [] : [`${source}: ${unfit}`];
  });
  if (sources.length > 0) throw new Error(`The mappings do not fit the adapter:\n${sources.join('\n')}`);
  const account = alarms === 'none' ? undefined : alarms?.lambdaConcurrency;
  const executions = { ingest: ingestConcurrency, deliver: rateOf({ concurrency }).concurrency, account };
  const { ingest, deliver } = findUnfitExecutions(executions);
  if (ingest !== undefined) throw new Error(`ingestConcurrency: ${ingest}`);
  if (deliver !== undefined) throw new Error(`concurrency: ${deliver}`);
}

/** Checks ids and days of the event definitions: what is deployed, is deployed today. */
function checkDefinitions(adapter: WebhookAdapter, props: WebhookAdapterProps): void {
  const { mappings, stage = '', placeholders } = props;
  const terms = { stage, today: new Date(), placeholders: placeholders === 'allowed' };
  const problems = checkStage(mappings, terms);
  const errors = problems.filter(({ severity }) => severity === undefined);
  if (errors.length > 0)
    throw new Error(`The event definitions do not fit the stage:\n${formatProblems(errors)}`);
  for (const problem of problems)
    Annotations.of(adapter).addWarningV2('webhook-adapter:event-definition', formatProblems([problem]));
}

/** Two stacks may have the same name where they are of different accounts or regions. */
function refuseUnfitName(adapter: WebhookAdapter): void {
  const { name } = adapter;
  const stack = Stack.of(adapter);
  if (Token.isUnresolved(name))
    throw new Error(
      'name: is known only at deploy time, as that of a nested stack is. Give the adapter one: name: "shop".',
    );
  const unfit = findUnfitName(name);
  if (unfit !== undefined) throw new Error(`name: ${unfit}`);
  const other = adapter.node.root.node.findAll().find((one) => {
    if (one === adapter || !(one instanceof WebhookAdapter) || one.name !== name) return false;
    const { environment } = Stack.of(one);
    return (
      Stack.of(one) === stack || (environment === stack.environment && !environment.includes('unknown-'))
    );
  });
  if (other !== undefined)
    throw new Error(`name: "${name}" is the name of ${other.node.path}, too. Give each a name of its own.`);
}

/** Which event API is called, from where, with what keys, about what. Throws where the settings do not fit together. */
function callsOf(
  name: string,
  { eventUrl, mappings, stage = '', keysSecretName = KEYS_SECRET, vpc }: WebhookAdapterProps,
): Pick<DeliverWorkerProps, 'eventUrl' | 'keysSecretName' | 'mappings' | 'vpc'> {
  const unfit = findUnfitMappings(mappings, { stage, keysSecretName });
  if (unfit.length > 0) throw new Error(`The mappings do not fit the stage:\n${unfit.join('\n')}`);
  return {
    eventUrl,
    keysSecretName: secretNameOf(name, keysSecretName),
    mappings: mappings.map((mapping) => resolveMapping(mapping, stage)),
    vpc,
  };
}

/** A URL that is known only at deploy time is checked by the function that calls it. */
function checkEventUrl(url: string): void {
  if (Token.isUnresolved(url)) return;
  const checked = eventUrlSchema.safeParse(url);
  if (checked.success) return;
  throw new Error(
    `eventUrl: ${checked.error.issues.map(({ message }) => message).join('; ')}. Found "${url}".`,
  );
}

function webhookUrlsAt(base: string, mappings: readonly MappingFile[]): ReadonlyMap<string, string> {
  return new Map(mappings.map(({ source }) => [source, `${base}/webhooks/${source}`]));
}
