import { Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { bufferQueueName } from '../lambdas/buffer/queue-name.ts';
import { deadLetterQueueName } from '../lambdas/dead-letter/queue-name.ts';
import { BufferQueue } from './buffer/buffer-queue.ts';
import { DeadLetterQueue } from './dead-letter/dead-letter-queue.ts';
import { type DeliverSettings, DeliverWorker } from './deliver/deliver-worker.ts';
import { Ledger } from './deliver/ledger.ts';
import { IngestEndpoint } from './ingest/ingest-endpoint.ts';
import type { MappingFile } from './map/mapping-file.ts';
import { sourceOf } from './map/mapping-folders.ts';
import { eventIdOf, resolveMapping } from './map/resolve-mapping.ts';
import { eventUrlSchema } from './stages.ts';
import { WebhookAdapterBase } from './webhook-adapter-base.ts';

export type WebhookAdapterProps = DeliverSettings & {
  /** The whole URL of the tenant's Webex Campaign event API; `https`, or `http` to loopback. There is no default. */
  readonly eventUrl: string;
  /** What may send webhooks, and what becomes of them: `readMappings('mappings')`. */
  readonly mappings: readonly MappingFile[];
  /**
   * Which event ids to take, where a mapping has one per stage.
   * @default none: every event has to have one id for all stages
   */
  readonly stage?: string | undefined;
  /**
   * What webhook URLs begin with, as vendors know them: a custom domain in front of the API. No slash at the end.
   * @default the API's own endpoint
   */
  readonly publicUrl?: string | undefined;
  /**
   * Begins the names of the API, the queues and the ledger.
   * @default the name of the stack
   */
  readonly name?: string;
  /**
   * Name of the secret that is to hold the Webex Campaign API user's keys.
   * @default webex-campaign
   */
  readonly keysSecretName?: string;
};

/**
 * The bridge: webhooks of any SaaS come in at `webhookUrl(source)`, and leave as calls of the Webex Campaign event API. Each
 * of its stages is a construct of its own, whose resources are there to be built upon.
 */
export class WebhookAdapter extends WebhookAdapterBase {
  override readonly name: string;
  override readonly ingest: IngestEndpoint;
  override readonly buffer: BufferQueue;
  override readonly ledger: Ledger;
  override readonly deliver: DeliverWorker;
  override readonly deadLetter: DeadLetterQueue;
  override readonly webhookUrls: ReadonlyMap<string, string>;

  constructor(scope: Construct, id: string, props: WebhookAdapterProps) {
    super(scope, id);
    const { mappings, name = Stack.of(this).stackName, keysSecretName = 'webex-campaign' } = props;
    const eventUrl = checkEventUrl(props.eventUrl);
    const stage = props.stage ?? '';
    refuseMissingIds(mappings, stage);

    this.name = name;
    // A webhook passes ingest, buffer, deliver and, at worst, dead-letter; what is pointed at has to be made first.
    this.deadLetter = new DeadLetterQueue(this, 'DeadLetter', { name: deadLetterQueueName(name) });
    this.buffer = new BufferQueue(this, 'Buffer', {
      name: bufferQueueName(name),
      deadLetter: this.deadLetter.queue,
    });
    this.ingest = new IngestEndpoint(this, 'Ingest', {
      name,
      sources: mappings.map(sourceOf),
      buffer: this.buffer.queue,
      publicUrl: props.publicUrl,
    });
    this.ledger = new Ledger(this, 'Ledger', { name });
    this.deliver = new DeliverWorker(this, 'Deliver', {
      name,
      eventUrl,
      keysSecretName,
      mappings: mappings.map((mapping) => resolveMapping(mapping, stage)),
      buffer: this.buffer.queue,
      deadLetter: this.deadLetter.queue,
      ledger: this.ledger,
      settings: props,
    });
    const base = props.publicUrl ?? this.ingest.api.apiEndpoint;
    this.webhookUrls = new Map(mappings.map(({ source }) => [source, `${base}/webhooks/${source}`]));
  }
}

/** A URL that is known only at deploy time is checked by the function that calls it. */
function checkEventUrl(url: string): string {
  if (Token.isUnresolved(url)) return url;
  const checked = eventUrlSchema.safeParse(url);
  if (checked.success) return url;
  throw new Error(
    `eventUrl: ${checked.error.issues.map(({ message }) => message).join('; ')}. Found "${url}".`,
  );
}

/** Mapping files are checked when they are read; which stage they are for is known only here. */
function refuseMissingIds(mappings: readonly MappingFile[], stage: string): void {
  const missing = mappings.flatMap(({ source, events }) =>
    events
      .filter((event) => !eventIdOf(event, stage))
      .map(({ name }) => `${source}: ${name} has no event-id for stage "${stage}"`),
  );
  if (missing.length > 0) throw new Error(`The mappings do not fit the stage:\n${missing.join('\n')}`);
}
