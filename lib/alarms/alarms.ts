import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { bufferAlarms } from '../buffer/alarms.ts';
import type { BufferQueue } from '../buffer/queue.ts';
import { deadLetterAlarms } from '../dead-letter/alarms.ts';
import type { DeadLetterQueue } from '../dead-letter/queue.ts';
import { deliverAlarms } from '../deliver/alarms.ts';
import type { Ledger } from '../deliver/ledger.ts';
import type { DeliverWorker } from '../deliver/worker.ts';
import { ingestAlarms } from '../ingest/alarms.ts';
import type { IngestEndpoint } from '../ingest/endpoint.ts';
import type { AlarmSettings } from './settings.ts';
import { AlarmTopics, createStageAlarm } from './stage-alarm.ts';

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

/** Every alarm, in the order of the stages, and the topics that they are told to. */
export class Alarms extends Construct {
  readonly topics: AlarmTopics;
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, { settings = {}, ...watched }: AlarmsProps) {
    super(scope, id);
    const { name, sources, ingest, buffer, ledger, deliver, deadLetter } = watched;
    const { email, freshWithin, silentAfter, lambdaConcurrency } = settings;
    refuseUnfitSilence(sources, silentAfter);

    this.topics = new AlarmTopics(this, 'Topics', { name, email });
    const surroundings = { name, topics: this.topics };
    this.all = [
      ...ingestAlarms({ name, sources, endpoint: ingest, silentAfter, lambdaConcurrency }),
      ...bufferAlarms({ buffer, freshWithin }),
      ...deliverAlarms({ name, worker: deliver, ledger, freshWithin }),
      ...deadLetterAlarms({ name, deadLetter }),
    ].map((alarm) => createStageAlarm(this, alarm, surroundings));
  }
}

/** CloudWatch looks back for a day at most (PutMetricAlarm, `Period`); below ten minutes any pause would wake somebody. */
function refuseUnfitSilence(
  sources: readonly string[],
  silentAfter: AlarmSettings['silentAfter'] = {},
): void {
  const unfit = Object.entries(silentAfter).flatMap(([source, after]) => {
    if (!sources.includes(source)) {
      return [`${source}: there is no such source. There are: ${sources.join(', ')}.`];
    }
    const minutes = after.toSeconds() / 60;
    return minutes < 10 || minutes > 24 * 60
      ? [`${source}: expected 10 minutes to 24 hours, found ${after.toHumanString()}.`]
      : [];
  });
  if (unfit.length > 0) throw new Error(`"silent after" does not fit:\n${unfit.join('\n')}`);
}
