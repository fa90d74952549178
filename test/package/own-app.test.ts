import { test } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { MessagesStack } from './own-app/messages-stack.ts';

test('the example app synthesizes from the sources as they are: its alarm, its role, its webhook URL', () => {
  const template = Template.fromStack(new MessagesStack(new App(), 'messages-prod', { stage: 'prod' }));

  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'WebhookAdapter',
    MetricName: 'UnconfirmedEvents',
    Dimensions: [{ Name: 'stack', Value: 'messages-prod' }],
    Statistic: 'Sum',
    AlarmActions: [Match.anyValue()],
  });
  template.hasResourceProperties('AWS::IAM::Policy', {
    Roles: [{ Ref: Match.stringLikeRegexp('^OnCall') }],
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({ Action: ['dynamodb:BatchGetItem', 'dynamodb:Query', 'dynamodb:Scan'] }),
      ]),
    },
  });
  template.hasOutput('BillingWebhookUrl', {
    Value: { 'Fn::Join': ['', Match.arrayWith(['/webhooks/billing'])] },
  });
});
