import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { MAX_MESSAGE_BYTES, MAX_RAW_BODY_BYTES } from '../../lambdas/buffer/message.ts';
import { type AlarmSettings, FRESH_WITHIN, type StageAlarm } from '../alarms/stage-alarm.ts';
import { DELIVERY_TIMES } from '../deliver/times.ts';
import { type DataProtection, queueProtection } from '../protection/data-protection.ts';

type BufferQueueProps = {
  readonly name: string;
  /** Where SQS moves a message that crashes the deliver function again and again. */
  readonly deadLetter: IQueue;
  readonly protection: DataProtection;
};

/** Stage 2, buffer: the queue between ingest and deliver. */
export class BufferQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, { name, deadLetter, protection }: BufferQueueProps) {
    super(scope, id);

    this.queue = new Queue(this, 'Queue', {
      ...queueProtection(protection),
      queueName: name,
      maxMessageSizeBytes: MESSAGE_SIZES.queue,
      visibilityTimeout: Duration.seconds(DELIVERY_TIMES.visibility),
      retentionPeriod: Duration.seconds(DELIVERY_TIMES.bufferRetention),
      deadLetterQueue: { queue: deadLetter, maxReceiveCount: DELIVERY_TIMES.maxReceiveCount },
    });
  }
}

type BufferAlarmsProps = Pick<AlarmSettings, 'freshWithin'> & { readonly buffer: BufferQueue };

/**
 * SQS leaves messages out of this age once they were received three times (SQS developer guide, "Available CloudWatch
 * metrics"). So it shows how long webhooks wait to be tried; deliver's own alarms are about those that are tried again.
 */
export function bufferAlarms({
  buffer,
  freshWithin = FRESH_WITHIN,
}: BufferAlarmsProps): readonly StageAlarm[] {
  return [
    {
      runbookSection: 'buffer-late',
      impact: `Webhooks lie on the buffer for longer than the ${freshWithin.toHumanString()} that were promised: more come in than are sent on, and every customer's message is late.`,
      urgency: 'page',
      metric: buffer.queue.metricApproximateAgeOfOldestMessage({
        statistic: Stats.MAXIMUM,
        period: Duration.minutes(5),
      }),
      threshold: freshWithin.toSeconds(),
      periods: 2,
    },
  ];
}

/** The sizes that have to fit together, or a webhook that was answered 200 gets stuck; in bytes. */
type MessageSizes = {
  /** What ingest puts on the buffer at most: encoded body and attributes. */
  readonly message: number;
  /** What a message of the queues may take, body and attributes together. */
  readonly queue: number;
  /** What may be added to it: a dead letter's note, or a replay. */
  readonly note: number;
  /** What Lambda hands to a function at most. */
  readonly lambda: number;
  /** What deliver unpacks a compressed body to at most. */
  readonly unpacked: number;
};

export const MESSAGE_SIZES: MessageSizes = {
  message: MAX_MESSAGE_BYTES,
  // The most that SQS allows (1 MiB).
  queue: 1_048_576,
  // A note holds ids, codes, times, and a masked description of 200 characters at most.
  note: 16_384,
  // "Lambda quotas": payload of a synchronous invocation, and of a batch of an event source.
  lambda: 6 * 1024 * 1024,
  unpacked: MAX_RAW_BODY_BYTES,
};

/** Every pair of sizes that does not fit together, as a sentence with its numbers. */
export function findUnfitSizes(sizes: MessageSizes): readonly string[] {
  const { message, queue, note, lambda, unpacked } = sizes;
  const rules: readonly (readonly [boolean, string])[] = [
    [
      queue <= 1_048_576,
      `a message of the queues (${queue} bytes) can be no larger than SQS allows (1048576 bytes)`,
    ],
    [
      queue >= message + note,
      `a message of the queues (${queue} bytes) has to hold a webhook that ingest takes (${message} bytes) and a dead letter's note (${note} bytes)`,
    ],
    [
      lambda > queue,
      `what Lambda hands to deliver (${lambda} bytes) has to be more than a message of the buffer (${queue} bytes)`,
    ],
    [
      unpacked >= lambda,
      `deliver has to unpack (${unpacked} bytes) whatever Lambda hands to ingest (${lambda} bytes)`,
    ],
  ];
  return rules.flatMap(([holds, sentence]) => (holds ? [] : [sentence]));
}

/** Ends the synth where the sizes do not fit together: nothing may deploy with such numbers. */
export function refuseUnfitSizes(): void {
  const unfit = findUnfitSizes(MESSAGE_SIZES);
  if (unfit.length > 0) throw new Error(`The sizes of webhooks do not fit together:\n${unfit.join('\n')}`);
}
