import { Duration } from 'aws-cdk-lib';
import * as z from 'zod';
import { durationSchema } from '../mapping/schema.ts';

/** Whom alarms reach, and what counts as late or silent. */
export type AlarmSettings = {
  /**
   * Is sent every alarm by e-mail, once the link in the first mail was followed.
   * @default nobody: subscribe to the topics yourself
   */
  readonly email?: string | undefined;
  /**
   * How long after its webhook an event has reached Webex Campaign at the latest.
   * @default 15 minutes
   */
  readonly freshWithin?: Duration | undefined;
  /**
   * For how long a source may send nothing, by its name; from 10 minutes to a day, and longer than its quietest night.
   * @default none: a source that sends rarely would wake people for nothing
   */
  readonly silentAfter?: Readonly<Record<string, Duration>> | undefined;
  /**
   * How many functions the account can run at a time in this region (`aws lambda get-account-settings`).
   * @default 1000, which AWS grants by default; new accounts may have less
   */
  readonly lambdaConcurrency?: number | undefined;
};

/** From ten minutes to a day: CloudWatch looks back no further, and any pause is shorter. */
const silenceSchema = durationSchema.refine(
  (seconds) => seconds >= 600 && seconds <= 86_400,
  'expected 10m to 24h',
);

/** The settings of a stage that are about its alarms. */
export const alarmStageSettings = {
  /** Is sent every alarm. */
  'alarm-email': z.email('expected an e-mail address').optional(),
  /** How long after its webhook an event has reached Webex Campaign at the latest. */
  'fresh-within': durationSchema
    .refine((seconds) => seconds >= 60 && seconds <= 86_400, 'expected 1m to 24h')
    .optional(),
  /** For how long a source may send nothing. */
  'silent-after': z.record(z.string(), silenceSchema).optional(),
  /** How many functions the account can run at a time. */
  'lambda-concurrency': z.int('expected a whole number').min(10, 'expected 10 at least').optional(),
};

const settingsSchema = z.object(alarmStageSettings);

/** The same as the construct takes them. */
export function readAlarmSettings(settings: z.output<typeof settingsSchema>): AlarmSettings {
  const freshWithin = settings['fresh-within'];
  const silentAfter = Object.entries(settings['silent-after'] ?? {});
  return {
    email: settings['alarm-email'],
    freshWithin: freshWithin === undefined ? undefined : Duration.seconds(freshWithin),
    silentAfter: Object.fromEntries(silentAfter.map(([source, after]) => [source, Duration.seconds(after)])),
    lambdaConcurrency: settings['lambda-concurrency'],
  };
}
