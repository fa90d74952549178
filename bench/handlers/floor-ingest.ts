import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { post } from './post.ts';

const QUEUE = process.env.BUFFER_QUEUE_URL ?? '';
const key = createSecretKey(Buffer.from(process.env.BENCH_SIGNING_SECRET ?? ''));

/** One HMAC and one unsigned POST: what no ingest can do without. */
export async function handler(event: { body: string; headers: Record<string, string> }) {
  const [t = '', v1 = ''] = (event.headers['stripe-signature'] ?? '').split(',');
  const expected = createHmac('sha256', key)
    .update(`${t.slice(2)}.`)
    .update(event.body, 'utf8')
    .digest();
  if (!timingSafeEqual(expected, Buffer.from(v1.slice(3), 'hex'))) return { statusCode: 401 };
  await post(QUEUE, event.body);
  return { statusCode: 200 };
}
