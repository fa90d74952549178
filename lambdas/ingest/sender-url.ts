import { withoutQuery } from './read-request.ts';
import type { Source } from './source.ts';

/** The URL as the sender called it: what is configured, and the query as it was received. */
export function senderUrl(
  { source, profile: { signature } }: Pick<Source, 'source' | 'profile'>,
  publicUrl: string,
  query: string,
): string {
  const configured = 'publicUrl' in signature ? signature.publicUrl : undefined;
  const url = withoutQuery(configured ?? `${publicUrl}/webhooks/${source}`);
  return query === '' ? url : `${url}?${query}`;
}
