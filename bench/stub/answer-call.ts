import { createHash } from 'node:crypto';
import { itemBytes, readItem } from '../measure/billed-bytes.ts';

/** What an endpoint answers, and the operation it is counted as. */
export type CallAnswer = {
  readonly operation: string;
  readonly contentType: string;
  readonly body: string;
  /**
   * What DynamoDB would charge for it: a unit for each KB that is begun of the larger of the item before and after (its
   * developer guide, "Item sizes and formats", "Write operation consumption"). Nothing here is written that is smaller than what it follows.
   */
  readonly writeUnits?: number;
};

/**
 * Answers a call in the least that the SDK takes for a success. A call without a target is the event API's.
 * @param target the header `X-Amz-Target`: `AmazonSQS.SendMessage`
 */
export function answerCall(
  target: string,
  chunks: readonly Buffer[],
  secrets: Readonly<Record<string, unknown>>,
): CallAnswer {
  const operation = target.split('.')[1] ?? 'event API call';
  const contentType = target === '' ? 'application/json' : 'application/x-amz-json-1.0';
  const answer = (body: object) => ({ operation, contentType, body: JSON.stringify(body) });
  switch (operation) {
    case 'GetSecretValue': {
      const { SecretId } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      return answer({ Name: SecretId, SecretString: JSON.stringify(secrets[SecretId]) });
    }
    case 'SendMessage': {
      const { MessageBody } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      const md5 = createHash('md5').update(String(MessageBody)).digest('hex');
      return answer({ MessageId: '11111111-2222-4333-8444-555555555555', MD5OfMessageBody: md5 });
    }
    case 'event API call':
      return answer({ 'transaction-id': 'event_1' });
    case 'PutItem': {
      const { Item } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      return { ...answer({}), writeUnits: Math.ceil(itemBytes(readItem(Item)) / 1024) };
    }
    default:
      return answer({});
  }
}
