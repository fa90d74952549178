import type { Duration } from 'aws-cdk-lib';

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
