import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { createLog, readEnvironment, searchEnvironment } from '../adapters/lambda.ts';
import { createSecretReader } from '../adapters/secrets-manager.ts';
import { parseWebexSecret } from '../deliver/event-api/keys.ts';
import { fail, succeed } from '../result.ts';
import { answerSearch, SEARCH_COUNTS, type SearchAnswer, type SearchDependencies } from './search.ts';

// runs once per cold start
const environment = readEnvironment(searchEnvironment);
const secrets = createSecretReader(parseWebexSecret);
const dynamoDb = new DynamoDBClient({});

const dependencies: SearchDependencies = {
  count: async () => {
    const minute = Math.floor(Date.now() / 60_000);
    try {
      const { Attributes } = await dynamoDb.send(
        new UpdateItemCommand({
          TableName: environment.LEDGER_TABLE,
          Key: { webhook: { S: SEARCH_COUNTS }, event: { S: `#${minute}` } },
          UpdateExpression: 'ADD searches :one SET expiresAt = :end',
          ExpressionAttributeValues: { ':one': { N: '1' }, ':end': { N: String((minute + 60) * 60) } },
          ReturnValues: 'UPDATED_NEW',
        }),
      );
      return succeed(Number(Attributes?.searches?.N));
    } catch (error) {
      return fail({ cause: error instanceof Error ? error.name : 'unknown' });
    }
  },
  readHashKey: async () => {
    const secret = await secrets.read(environment.WEBEX_KEYS_SECRET);
    return secret.ok ? succeed(secret.value.hashKey) : secret;
  },
  log: createLog(environment.STACK_NAME),
};

/** Lambda waits for this before it passes the first request (`lib/bundle/function-entry.mjs`). */
export const ready = Promise.resolve();

// runs for every search
function search(request: unknown): Promise<SearchAnswer> {
  return answerSearch(request, dependencies);
}

// called by AWS
export const handler = search;
