import type { ThrottleSettings } from 'aws-cdk-lib/aws-apigatewayv2';
import type { DomainSettings } from './custom-domain.ts';

/** How the endpoint is reached, and by how many at a time. */
export type IngestSettings = {
  /**
   * What webhook URLs begin with, as senders know them; no slash at the end. Some vendors sign the URL.
   * @default the custom domain, or the API's own endpoint
   */
  readonly publicUrl?: string | undefined;
  /**
   * A name of your own for the webhook URLs, instead of `publicUrl`.
   * @default none
   */
  readonly domain?: DomainSettings | undefined;
  /**
   * Requests a second, and at once, that the API takes; the rest is answered 429, which a vendor counts as a failure.
   * @default 1000 a second, 2000 at once
   */
  readonly throttle?: ThrottleSettings | undefined;
  /**
   * Executions of ingest at a time that are kept for it, and that it may not go beyond. What comes beyond is answered 503.
   * @default none: it shares what the account has
   */
  readonly ingestConcurrency?: number | undefined;
};

/**
 * By default an API may use up the 10,000 requests a second that all APIs of a region share, and its function all of the
 * account's 1,000 executions. A thousand a second, at some 50 ms each, take a twentieth of these: a flood of forged
 * requests hurts nobody else. No vendor sends so many: an hour of it would take deliver, at five a second, eight days.
 */
export const THROTTLE: ThrottleSettings = { rateLimit: 1_000, burstLimit: 2_000 };
