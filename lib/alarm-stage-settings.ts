import { Duration } from 'aws-cdk-lib';
import * as z from 'zod';
import type { AlarmSettings } from './alarm-settings.ts';
import { durationSchema } from './map/mapping-file-schema.ts';

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
