import { describe, expect, test } from '@jest/globals';
import { explainAwsError } from '../../answers/aws-errors.ts';

const PLACE = async () => ({ account: '123456789012', region: 'eu-west-1' });

/** An error as the SDK throws it: named as the service names it. */
function awsError(name: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { name, $metadata: {}, ...more });
}

const USER = 'User: arn:aws:iam::123456789012:user/ann is not authorized to perform';
const QUEUE = 'arn:aws:sqs:eu-west-1:123456789012:webhook-adapter-dev-dead-letter';

describe('an error of AWS is told in words, with account and region', () => {
  test.each([
    [new Error('Region is missing'), /^No AWS region is set\. Set AWS_REGION/],
    [
      awsError('CredentialsProviderError', 'Could not load credentials from any providers'),
      /^There are no AWS credentials .*Sign in/,
    ],
    [awsError('ExpiredTokenException', 'expired'), /^The AWS credentials have expired\. Sign in/],
    [
      awsError('UnrecognizedClientException', 'The security token is invalid'),
      /does not take these credentials/,
    ],
    [
      awsError('AccessDenied', `${USER}: sqs:GetQueueUrl on resource: ${QUEUE} because no policy allows it`),
      /^You lack a permission in account 123456789012, region eu-west-1: sqs:GetQueueUrl on arn:aws:sqs:\S+-dead-letter is not allowed for arn:\S+ann\. The section "Permissions"/,
    ],
    [
      awsError('QueueDoesNotExist', 'The specified queue does not exist.'),
      /^The stack "shop-dev" has no such queue .*, or there is no such stack in account 123456789012, region eu-west-1\. Check --stack/,
    ],
    [
      awsError('ResourceNotFoundException', 'Requested resource not found'),
      /^The stack "shop-dev" has no such table, secret, function or log group .* in account 123456789012/,
    ],
    [
      awsError('ValidationError', 'Stack with id shop-dev does not exist'),
      /^There is no stack "shop-dev" in account 123456789012, region eu-west-1/,
    ],
    [awsError('ThrottlingException', 'Rate exceeded'), /limits the rate .*Try again in a minute/],
    [
      Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }),
      /^AWS cannot be reached in account 123456789012, region eu-west-1 \(ENOTFOUND\)/,
    ],
    [
      awsError('InternalFailure', 'oops'),
      /^AWS answered with an error in account 123456789012, region eu-west-1: InternalFailure: oops$/,
    ],
  ])('%s', async (error, sentence) => {
    const text = await explainAwsError(error, 'shop-dev', PLACE);

    expect(text).toMatch(sentence);
    expect(text).not.toContain('\n');
  });

  test('that leaves out what cannot be found out', async () => {
    const place = async () => ({ account: undefined, region: 'eu-west-1' });
    const error = awsError('QueueDoesNotExist', 'gone');

    expect(await explainAwsError(error, 'shop-dev', place)).toContain('no such stack in region eu-west-1.');
  });

  test('and a bug of ours is none', async () => {
    expect(await explainAwsError(new TypeError('x is undefined'), 'shop-dev', PLACE)).toBeUndefined();
    expect(await explainAwsError('text', 'shop-dev', PLACE)).toBeUndefined();
  });
});
