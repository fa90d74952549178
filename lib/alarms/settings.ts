import { Duration } from 'aws-cdk-lib';

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

/** The default of `freshWithin`. */
export const FRESH_WITHIN = Duration.minutes(15);

/** CloudWatch looks back for a day at most (PutMetricAlarm, `Period`); below ten minutes any pause would wake somebody. */
export function refuseUnfitSilence(
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
