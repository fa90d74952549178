import { beforeAll, describe, expect, test } from '@jest/globals';
import { Duration } from 'aws-cdk-lib';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import {
  alarmsOf,
  SOURCES,
  STACK,
  sectionOf,
  synthesizeAlarms,
  type TemplateAlarm,
  urgencyOf,
} from './alarm-template.ts';

let template: Template;
let alarms: readonly TemplateAlarm[];
beforeAll(() => {
  template = synthesizeAlarms({ silentAfter: { stripe: Duration.hours(2) } });
  alarms = alarmsOf(template);
});

/** What an alarm watches, and when it goes off. */
function ruleOf(section: string, source?: string): string {
  const name = [STACK, section, ...(source === undefined ? [] : [source])].join('-');
  const alarm = alarms.find(({ AlarmName }) => AlarmName === name);
  if (alarm === undefined) throw new Error(`There is no alarm ${name}.`);
  const sign = { GreaterThanOrEqualToThreshold: '>=', LessThanThreshold: '<' }[alarm.ComparisonOperator];
  const statistic = alarm.Statistic ?? alarm.ExtendedStatistic;
  const minutes = alarm.Period / 60;
  const { EvaluationPeriods: among, DatapointsToAlarm: periods = among } = alarm;
  const many = periods === among ? `${among}` : `${periods} of ${among}`;
  return `${urgencyOf(alarm)}: ${statistic} of ${alarm.MetricName} ${sign} ${alarm.Threshold}, ${many} x ${minutes} min, missing is ${alarm.TreatMissingData}`;
}

describe('an alarm', () => {
  test.each([
    ['ingest-failing', 'page: Sum of 5xx >= 5, 1 x 15 min, missing is notBreaching'],
    ['ingest-slow', 'page: p90 of IntegrationLatency >= 3000, 3 of 36 x 5 min, missing is notBreaching'],
    ['ingest-mostly-failing', 'tomorrow: Average of 5xx >= 0.5, 1 x 360 min, missing is notBreaching'],
    ['source-misconfigured', 'tomorrow: Sum of Misconfigurations >= 1, 1 x 360 min, missing is notBreaching'],
    [
      'concurrency-near-limit',
      'tomorrow: Maximum of ClaimedAccountConcurrency >= 800, 3 x 5 min, missing is notBreaching',
    ],
    [
      'buffer-late',
      'page: Maximum of ApproximateAgeOfOldestMessage >= 900, 2 x 5 min, missing is notBreaching',
    ],
    ['credentials-refused', 'page: Maximum of PausedByCredentials >= 1, 2 of 6 x 5 min, missing is ignore'],
    ['endpoint-failing', 'page: Maximum of PausedByEndpoint >= 1, 2 of 6 x 5 min, missing is ignore'],
    ['keys-unusable', 'page: Maximum of PausedByKeys >= 1, 2 of 6 x 5 min, missing is ignore'],
    ['ledger-unavailable', 'page: Maximum of PausedByLedger >= 1, 2 of 6 x 5 min, missing is ignore'],
    ['throttled', 'tomorrow: Maximum of PausedByThrottling >= 1, 4 of 12 x 5 min, missing is ignore'],
    ['events-late', 'page: Maximum of WaitingTime >= 900, 1 x 75 min, missing is notBreaching'],
    ['deliver-crashing', 'page: Sum of Errors >= 3, 1 x 15 min, missing is notBreaching'],
    ['deliver-faults', 'tomorrow: Sum of Faults >= 1, 1 x 60 min, missing is notBreaching'],
    ['events-unconfirmed', 'tomorrow: Sum of UnconfirmedEvents >= 1, 1 x 60 min, missing is notBreaching'],
    [
      'probe-not-understood',
      'tomorrow: Sum of ProbesNotUnderstood >= 1, 1 x 60 min, missing is notBreaching',
    ],
    [
      'spare-key-in-use',
      'tomorrow: Maximum of SpareKeyCalls >= 1, 3 of 24 x 60 min, missing is notBreaching',
    ],
    ['ledger-throttled', 'tomorrow: Sum of WriteThrottleEvents >= 1, 3 x 5 min, missing is notBreaching'],
    [
      'dead-letters-present',
      'tomorrow: Maximum of ApproximateNumberOfMessagesVisible >= 1, 1 x 5 min, missing is notBreaching',
    ],
    ['dead-letters-many', 'page: Sum of DeadLetters >= 10, 1 x 15 min, missing is notBreaching'],
    [
      'dead-letters-expiring',
      'page: Maximum of ApproximateAgeOfOldestMessage >= 864000, 1 x 60 min, missing is notBreaching',
    ],
  ])('%s: %s', (section, rule) => {
    expect(ruleOf(section)).toBe(rule);
  });

  test.each([
    ['signatures-refused', 'tomorrow: Maximum of VerifiedWebhooks < 1, 1 x 120 min, missing is ignore'],
    ['rotation-unfinished', 'tomorrow: Maximum of OldSecretUses >= 0, 3 x 1440 min, missing is notBreaching'],
  ])('%s of each source: %s', (section, rule) => {
    expect(SOURCES.map((source) => ruleOf(section, source))).toEqual(SOURCES.map(() => rule));
  });

  test('of silence is made only for the sources that the settings name', () => {
    expect(ruleOf('source-silent', 'stripe')).toBe(
      'page: Sum of VerifiedWebhooks < 1, 24 x 5 min, missing is breaching',
    );
    expect(alarms.filter((alarm) => sectionOf(alarm) === 'source-silent')).toHaveLength(1);
  });

  test('looks back no further than CloudWatch does', () => {
    for (const { AlarmName, Period, EvaluationPeriods } of alarms) {
      const most = Period < 3_600 ? 86_400 : 604_800;
      expect([AlarmName, Period * EvaluationPeriods <= most]).toEqual([AlarmName, true]);
    }
  });

  test('says who is hurt, whom it reaches and where to read what to do, as short as CloudWatch demands', () => {
    for (const { AlarmName, AlarmDescription } of alarms) {
      expect([AlarmName, AlarmDescription]).toEqual([
        AlarmName,
        expect.stringMatching(
          /^.{40,}\.\nUrgency: (page|tomorrow)\.\nWhat to do: \S*docs\/runbook\.md#[a-z-]+$/,
        ),
      ]);
      expect(AlarmDescription.length).toBeLessThanOrEqual(1_024);
    }
  });

  test('goes to the topic of its urgency, and reports its end only where it woke somebody', () => {
    for (const alarm of alarms) {
      const urgency = urgencyOf(alarm);
      const topic = { Ref: expect.stringContaining(`AlarmsTopics${urgency}`) };
      expect(alarm.AlarmActions).toEqual([topic]);
      expect(alarm.OKActions ?? []).toEqual(urgency === 'page' ? [topic] : []);
    }
  });
});

describe('the settings of the alarms', () => {
  test('decide what is late, and what the account can run', () => {
    const changed = alarmsOf(synthesizeAlarms({ freshWithin: Duration.minutes(2), lambdaConcurrency: 50 }));
    const thresholdOf = (section: string) => changed.find((alarm) => sectionOf(alarm) === section)?.Threshold;

    expect(['buffer-late', 'events-late', 'concurrency-near-limit'].map(thresholdOf)).toEqual([120, 120, 40]);
  });

  test('subscribe an address to both topics', () => {
    synthesizeAlarms({ email: 'on-call@example.com' }).resourcePropertiesCountIs(
      'AWS::SNS::Subscription',
      { Protocol: 'email', Endpoint: 'on-call@example.com' },
      2,
    );
    template.resourceCountIs('AWS::SNS::Subscription', 0);
  });

  test.each([
    [{ strpe: Duration.hours(2) }, 'strpe: there is no such source. There are: github, '],
    [{ stripe: Duration.minutes(9) }, 'stripe: expected 10 minutes to 24 hours, found 9 minutes'],
    [{ stripe: Duration.hours(25) }, 'stripe: expected 10 minutes to 24 hours, found 1 day 1 hour'],
  ])('are refused where a silence does not fit: %j', (silentAfter, message) => {
    expect(() => synthesizeAlarms({ silentAfter })).toThrow(message);
  });
});

describe('a topic of alarms', () => {
  test('is encrypted with a key that CloudWatch may use', () => {
    template.resourceCountIs('AWS::SNS::Topic', 2);
    template.allResourcesProperties('AWS::SNS::Topic', {
      KmsMasterKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('AlarmsTopicsKey'), 'Arn'] },
    });
    template.hasResourceProperties('AWS::KMS::Key', {
      EnableKeyRotation: true,
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
          }),
        ]),
      },
    });
  });

  test('takes messages from the alarms of this account, and over TLS alone', () => {
    template.resourceCountIs('AWS::SNS::TopicPolicy', 2);
    template.allResourcesProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: Match.objectLike({
        Statement: [
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          Match.objectLike({
            Effect: 'Allow',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Action: 'sns:Publish',
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ],
      }),
    });
  });
});
