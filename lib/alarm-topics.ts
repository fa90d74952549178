import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

/** Whom an alarm reaches: somebody at once, at any hour, or whoever comes in the morning. */
export type Urgency = 'page' | 'tomorrow';

export type AlarmTopicsProps = {
  /** Begins the names of the topics. */
  readonly name: string;
  /**
   * Is sent both kinds of alarm, once it has been confirmed by the link in the first mail.
   * @default nobody is subscribed
   */
  readonly email?: string | undefined;
};

/** Where alarms are told: one topic for what wakes somebody, one for what can wait for the morning. */
export class AlarmTopics extends Construct implements Readonly<Record<Urgency, Topic>> {
  readonly page: Topic;
  readonly tomorrow: Topic;

  constructor(scope: Construct, id: string, { name, email }: AlarmTopicsProps) {
    super(scope, id);

    const masterKey = this.createKey(name);
    const create = (urgency: Urgency): Topic => {
      const topic = new Topic(this, urgency, {
        topicName: `${name}-alarms-${urgency}`,
        masterKey,
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
    this.page = create('page');
    this.tomorrow = create('tomorrow');
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
