import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { docsPage } from '../config/terminal.ts';

/** Whom alarms reach, and what counts as late or silent. */
export type AlarmSettings = {
  /**
   * A topic of your own for what wakes somebody. CloudWatch has to be let publish to it, and use its key, if it has one.
   * @default a topic of the adapter's
   */
  readonly page?: ITopic | undefined;
  /**
   * A topic of your own for what can wait for the morning; it may be that of `page`.
   * @default a topic of the adapter's
   */
  readonly tomorrow?: ITopic | undefined;
  /**
   * Is sent every alarm of the adapter's own topics by e-mail, once the link in the first mail was followed.
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

/** Where the sections of the alarms are. */
const RUNBOOK = docsPage('runbook.md');

/** One alarm of a stage. Without an impact and something to do about it there is no reason to wake anybody. */
export type StageAlarm = {
  /** The heading of its section in the runbook; ends the alarm's name. */
  readonly runbookSection: string;
  /** The source that it is about, where each has one. */
  readonly source?: string;
  /** Who is hurt and how, in a sentence or two. */
  readonly impact: string;
  readonly urgency: Urgency;
  readonly metric: IMetric;
  readonly threshold: number;
  /** @default GREATER_THAN_OR_EQUAL_TO_THRESHOLD */
  readonly comparisonOperator?: ComparisonOperator;
  /**
   * In how many periods in a row the threshold has to be reached.
   * @default 1
   */
  readonly periods?: number;
  /**
   * Among so many periods, where they need not follow each other: at little traffic most have no data.
   * @default periods
   */
  readonly among?: number;
  /** @default NOT_BREACHING: most metrics are written only when something is wrong */
  readonly treatMissingData?: TreatMissingData;
};

type AlarmSurroundings = {
  /** Begins the alarm's name. */
  readonly name: string;
  readonly topics: AlarmTopics;
};

/** Creates an alarm whose message says who is hurt, and where to read what to do. */
export function createStageAlarm(
  scope: Construct,
  { runbookSection, source, impact, urgency, ...rule }: StageAlarm,
  { name, topics }: AlarmSurroundings,
): Alarm {
  const id = source === undefined ? runbookSection : `${runbookSection}-${source}`;
  const { metric, threshold, periods: datapointsToAlarm = 1, among = datapointsToAlarm } = rule;
  const alarm = new Alarm(scope, id, {
    alarmName: `${name}-${id}`,
    alarmDescription: `${impact}\nUrgency: ${urgency}.\nWhat to do: ${RUNBOOK}#${runbookSection}`,
    metric,
    threshold,
    evaluationPeriods: among,
    ...(among > datapointsToAlarm && { datapointsToAlarm }),
    comparisonOperator: rule.comparisonOperator ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: rule.treatMissingData ?? TreatMissingData.NOT_BREACHING,
  });
  const action = new SnsAction(topics[urgency]);
  alarm.addAlarmAction(action);
  // Whoever was woken wants to hear that it is over.
  if (urgency === 'page') alarm.addOkAction(action);
  return alarm;
}

/** Whom an alarm reaches: somebody at once, at any hour, or whoever comes in the morning. */
type Urgency = 'page' | 'tomorrow';

type AlarmTopicsProps = Pick<AlarmSettings, Urgency | 'email'> & {
  /** Begins the names of the topics. */
  readonly name: string;
};

/**
 * Where alarms are sent: one topic for what wakes somebody, one for what can wait for the morning. Those that an app brings
 * are taken as they are.
 */
export class AlarmTopics extends Construct implements Readonly<Record<Urgency, ITopic>> {
  readonly page: ITopic;
  readonly tomorrow: ITopic;

  constructor(scope: Construct, id: string, { name, email, page, tomorrow }: AlarmTopicsProps) {
    super(scope, id);
    const isOwn = page === undefined || tomorrow === undefined;
    if (email !== undefined && !isOwn)
      throw new Error(
        'alarms: both topics are your own. Subscribe the e-mail address to them, and remove "email".',
      );

    const masterKey = isOwn ? this.createKey(name) : undefined;
    const create = (urgency: Urgency): Topic => {
      const topic = new Topic(this, urgency, {
        topicName: `${name}-alarms-${urgency}`,
        ...(masterKey !== undefined && { masterKey }),
        enforceSSL: true,
      });
      topic.addToResourcePolicy(
        new PolicyStatement({
          sid: 'AllowAlarms',
          principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
          actions: ['sns:Publish'],
          resources: [topic.topicArn],
          conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
        }),
      );
      if (email !== undefined) topic.addSubscription(new EmailSubscription(email));
      return topic;
    };
    this.page = page ?? create('page');
    this.tomorrow = tomorrow ?? create('tomorrow');
  }

  /**
   * CloudWatch may not use the key that AWS keeps for SNS: alarms would reach nobody
   * (https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns).
   */
  private createKey(name: string): Key {
    const key = new Key(this, 'Key', {
      description: `Encrypts the alarms of ${name} on their way.`,
      enableKeyRotation: true,
      // Nothing is kept under it: messages are delivered or gone within hours.
      removalPolicy: RemovalPolicy.DESTROY,
      pendingWindow: Duration.days(7),
    });
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AllowAlarms',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
      }),
    );
    return key;
  }
}
