import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { grantActing, grantReading, grantSetting, type OperatedParts } from './adapter-grants.ts';
import type { BufferQueue } from './buffer/buffer-queue.ts';
import type { DeadLetterQueue } from './dead-letter/dead-letter-queue.ts';
import type { DeliverWorker } from './deliver/deliver-worker.ts';
import type { Ledger } from './deliver/ledger.ts';
import type { IngestEndpoint } from './ingest/ingest-endpoint.ts';

/** What can be done with an adapter once it is made. */
export abstract class WebhookAdapterBase extends Construct {
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
    const url = this.webhookUrls.get(source);
    if (url !== undefined) return url;
    throw new Error(`There is no source "${source}". There are: ${[...this.webhookUrls.keys()].join(', ')}.`);
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
    return grantSetting([...this.ingest.signingSecrets.values(), this.deliver.webexKeys], grantee);
  }

  private operatedParts(): OperatedParts {
    return {
      buffer: this.buffer.queue,
      deadLetter: this.deadLetter.queue,
      ledger: this.ledger.table,
      functions: [this.ingest.function, this.deliver.function],
    };
  }
}
