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

/** A pattern would look for the end anew from every `?`: a query of nothing else would take minutes. */
export function withoutQuery(url: string): string {
  const at = url.indexOf('?');
  return at === -1 ? url : url.slice(0, at);
}
