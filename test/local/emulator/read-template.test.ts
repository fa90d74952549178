import { describe, expect, test } from '@jest/globals';
import { resolveTemplate } from '../../../local/emulator/template.ts';

const ENDPOINTS = {
  sqs: 'http://sqs',
  secretsManager: 'http://secrets',
  dynamoDb: 'http://tables',
  httpApi: 'http://api',
};

function resolve(Resources: Record<string, { Type: string; Properties?: object }>, Outputs = {}) {
  const resources = Object.entries(Resources).map(([id, { Type, Properties = {} }]) => [
    id,
    { Type, Properties },
  ]);
  return resolveTemplate({ Resources: Object.fromEntries(resources), Outputs, assets: new Map() }, ENDPOINTS);
}

describe('a template', () => {
  test('has its references replaced by what stands in for AWS', () => {
    const resolved = resolve(
      {
        DeadLetters: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead-letter' } },
        Buffer: {
          Type: 'AWS::SQS::Queue',
          Properties: {
            QueueName: 'buffer',
            RedrivePolicy: {
              deadLetterTargetArn: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] },
              maxReceiveCount: 3,
            },
          },
        },
        Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'api', ProtocolType: 'HTTP' } },
      },
      {
        Queue: { Value: { Ref: 'Buffer' } },
        Url: { Value: { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Api', 'ApiEndpoint'] }, '/webhooks']] } },
      },
    );

    expect(resolved).toMatchObject({
      ok: true,
      value: {
        outputs: { Queue: 'http://sqs/000000000000/buffer', Url: 'http://api/webhooks' },
        resources: [
          { id: 'DeadLetters' },
          {
            id: 'Buffer',
            properties: {
              VisibilityTimeout: 30,
              RedrivePolicy: { deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead-letter' },
            },
          },
          { id: 'Api' },
        ],
      },
    });
  });

  test('leaves out the types that have no effect on one machine', () => {
    expect(resolve({ Role: { Type: 'AWS::IAM::Role', Properties: { Anything: 1 } } })).toMatchObject({
      ok: true,
      value: { resources: [] },
    });
  });

  test('that asks for what cannot be honoured is refused with all of it', () => {
    const resolved = resolve({
      Stream: { Type: 'AWS::Kinesis::Stream' },
      Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'q', FifoQueue: true } },
      Function: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Code: { S3Bucket: 'b', S3Key: 'k' },
          Handler: 'index',
          Runtime: 'nodejs22.x',
          Role: 'r',
        },
      },
      Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: { Ref: 'Nobody' } } },
    });

    expect(resolved.ok ? [] : resolved.failure).toEqual([
      'Stream: the local run does not know AWS::Kinesis::Stream. Teach it in local/emulator.',
      'Queue (AWS::SQS::Queue): Properties: Unrecognized key: "FifoQueue"',
      'Function (AWS::Lambda::Function): Properties.Handler: expected file.export',
      'Function (AWS::Lambda::Function): Properties.Runtime: Invalid input: expected "nodejs24.x"',
      'Secret (AWS::SecretsManager::Secret): cannot resolve {"Ref":"Nobody"}.',
    ]);
  });
});
