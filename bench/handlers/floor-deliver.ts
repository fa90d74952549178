import { mapByHand } from './map-by-hand.ts';
import { post } from './post.ts';

const EVENT_URL = process.env.WEBEX_EVENT_URL ?? '';
const LEDGER_URL = process.env.AWS_ENDPOINT_URL_DYNAMODB ?? '';

/** Parses, maps by hand, writes the payload, and posts twice: once as to the ledger, once as to the event API. */
export async function handler(event: { Records: readonly { body: string }[] }) {
  await Promise.all(
    event.Records.map(async ({ body }) => {
      const { key, payload } = mapByHand(body);
      await post(LEDGER_URL, JSON.stringify({ key }));
      await post(EVENT_URL, payload);
    }),
  );
  return { batchItemFailures: [] };
}
