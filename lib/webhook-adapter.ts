import { Stack } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { bufferQueueName } from '../lambdas/buffer/queue-name.ts';
import { deadLetterQueueName } from '../lambdas/dead-letter/queue-name.ts';
import { checkEventUrl, refuseMissingIds, refuseTakenSecrets } from './adapter-checks.ts';
import type { AlarmSettings } from './alarm-settings.ts';
import { Alarms } from './alarms.ts';
import { BufferQueue } from './buffer/buffer-queue.ts';
import { Dashboard } from './dashboard.ts';
import { allowLogs, type DataProtection } from './data-protection.ts';
import { DeadLetterQueue } from './dead-letter/dead-letter-queue.ts';
import { type DeliverSettings, DeliverWorker, type DeliverWorkerProps } from './deliver/deliver-worker.ts';
import { Ledger } from './deliver/ledger.ts';
import { IngestEndpoint } from './ingest/ingest-endpoint.ts';
import type { IngestSettings } from './ingest/ingest-settings.ts';
import type { MappingFile } from './map/mapping-file.ts';
import { sourceOf } from './map/mapping-folders.ts';
import { resolveMapping } from './map/resolve-mapping.ts';
import { secretNameOf } from './secret-name.ts';
import { WebhookAdapterBase } from './webhook-adapter-base.ts';

export type WebhookAdapterProps = IngestSettings &
  DeliverSettings &
  DataProtection & {
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
     * A network that the deliver function calls from, by its private subnets; they need a way out to the internet. Where it
     * leaves by a NAT gateway, Webex Campaign sees that one's address.
     * @default none: calls come from addresses that Lambda shares
     */
    readonly vpc?: IVpc | undefined;
    /**
     * Begins the names of the API, the queues, the ledger and the secrets (`<name>/webhooks/stripe`): no two adapters of an
     * account and region may have the same.
     * @default the name of the stack
     */
    readonly name?: string;
    /**
     * Name of the secret that is to hold the Webex Campaign API user's keys, after `<name>/`.
     * @default webex-campaign
     */
    readonly keysSecretName?: string;
    /** Whom alarms reach, and what counts as late or silent. Each setting has a default. */
    readonly alarms?: AlarmSettings | undefined;
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
  readonly alarms: Alarms;
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, props: WebhookAdapterProps) {
    super(scope, id);
    const { mappings, name = Stack.of(this).stackName } = props;
    const calls = callsOf(name, props);
    allowLogs(this, props);

    this.name = name;
    // A webhook passes ingest, buffer, deliver and, at worst, dead-letter; what is pointed at has to be made first.
    this.deadLetter = new DeadLetterQueue(this, 'DeadLetter', {
      name: deadLetterQueueName(name),
      protection: props,
    });
    this.buffer = new BufferQueue(this, 'Buffer', {
      name: bufferQueueName(name),
      deadLetter: this.deadLetter.queue,
      protection: props,
    });
    this.ingest = new IngestEndpoint(this, 'Ingest', {
      name,
      sources: mappings.map(sourceOf),
      buffer: this.buffer.queue,
      settings: props,
      protection: props,
    });
    this.ledger = new Ledger(this, 'Ledger', { name, protection: props });
    this.deliver = new DeliverWorker(this, 'Deliver', {
      name,
      ...calls,
      buffer: this.buffer.queue,
      deadLetter: this.deadLetter.queue,
      ledger: this.ledger,
      settings: props,
      protection: props,
    });
    this.webhookUrls = webhookUrlsAt(this.ingest.publicUrl, mappings);

    const watched = this.watched();
    this.alarms = new Alarms(this, 'Alarms', { ...watched, settings: props.alarms });
    this.dashboard = new Dashboard(this, 'Dashboard', { ...watched, alarms: this.alarms, ...props.alarms });
  }

  /** What alarms and dashboard look at. */
  private watched() {
    const { name, ingest, buffer, ledger, deliver, deadLetter } = this;
    return { name, ingest, buffer, ledger, deliver, deadLetter, sources: [...this.webhookUrls.keys()] };
  }
}

/** Which event API is called, from where, with what keys, about what. Throws where the mappings do not fit the stage. */
function callsOf(
  name: string,
  { eventUrl, mappings, stage = '', keysSecretName = 'webex-campaign', vpc }: WebhookAdapterProps,
): Pick<DeliverWorkerProps, 'eventUrl' | 'keysSecretName' | 'mappings' | 'vpc'> {
  const checkedUrl = checkEventUrl(eventUrl);
  refuseMissingIds(mappings, stage);
  refuseTakenSecrets(mappings, [keysSecretName]);
  return {
    eventUrl: checkedUrl,
    keysSecretName: secretNameOf(name, keysSecretName),
    mappings: mappings.map((mapping) => resolveMapping(mapping, stage)),
    vpc,
  };
}

function webhookUrlsAt(base: string, mappings: readonly MappingFile[]): ReadonlyMap<string, string> {
  return new Map(mappings.map(({ source }) => [source, `${base}/webhooks/${source}`]));
}
