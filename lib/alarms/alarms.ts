import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { type BufferQueue, bufferAlarms } from '../buffer/queue.ts';
import { type DeadLetterQueue, deadLetterAlarms } from '../dead-letter/queue.ts';
import type { Ledger } from '../deliver/ledger.ts';
import type { DeliverWorker } from '../deliver/worker.ts';
import type { IngestEndpoint } from '../ingest/endpoint.ts';
import { deliverAlarms, ingestAlarms } from './function-alarms.ts';
import { type AlarmSettings, AlarmTopics, createStageAlarm, refuseUnfitSilence } from './stage-alarm.ts';

/** What alarms and dashboard look at. */
export type Watched = {
  /** Of the stack, in names and metrics. */
  readonly name: string;
  /** The names of all sources. */
  readonly sources: readonly string[];
  readonly ingest: IngestEndpoint;
  readonly buffer: BufferQueue;
  readonly ledger: Ledger;
  readonly deliver: DeliverWorker;
  readonly deadLetter: DeadLetterQueue;
};

export type AlarmsProps = Watched & { readonly settings?: AlarmSettings | undefined };

/** Every alarm, in the order of the stages, and the topics that they are sent to. */
export class Alarms extends Construct {
  readonly topics: AlarmTopics;
  readonly all: readonly Alarm[];
  /** How many of them are about one source. */
  readonly ofSources: number;

  constructor(scope: Construct, id: string, { settings = {}, ...watched }: AlarmsProps) {
    super(scope, id);
    const { name, sources, ingest, buffer, ledger, deliver, deadLetter } = watched;
    const { email, page, tomorrow, freshWithin, silentAfter, lambdaConcurrency } = settings;
    refuseUnfitSilence(sources, silentAfter);

    this.topics = new AlarmTopics(this, 'Topics', { name, email, page, tomorrow });
    const surroundings = { name, topics: this.topics };
    const alarms = [
      ...ingestAlarms({ name, sources, endpoint: ingest, silentAfter, lambdaConcurrency }),
      ...bufferAlarms({ buffer, freshWithin }),
      ...deliverAlarms({ name, worker: deliver, ledger, freshWithin }),
      ...deadLetterAlarms({ name, deadLetter }),
    ];
    this.all = alarms.map((alarm) => createStageAlarm(this, alarm, surroundings));
    this.ofSources = alarms.filter(({ source }) => source !== undefined).length;
  }
}
