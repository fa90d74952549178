import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ACCOUNT } from '../template/read-template.ts';

/** A request that was read to its end. */
export type HttpRequest = { readonly message: IncomingMessage; readonly body: Buffer };

/** The route that a request took, and what its path parameters are. */
export type MatchedRoute = {
  readonly routeKey: string;
  readonly pathParameters: Readonly<Record<string, string>>;
};

/** Content types that API Gateway hands on as text; everything else travels as base64. */
const TEXT = /^(text\/|application\/(.+\+)?(json|xml)\b|application\/(javascript|x-www-form-urlencoded)\b)/i;

/**
 * The event of an HTTP API, payload format 2.0.
 * Source: API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs".
 */
export function toHttpEvent(
  { message, body }: HttpRequest,
  route: MatchedRoute,
  apiId: string,
  now: Date,
): object {
  const { pathname, search, searchParams } = new URL(message.url ?? '/', 'http://localhost');
  const { cookie, ...headers } = joinHeaders(message);
  const isText =
    isUtf8(body) && (headers['content-type'] === undefined || TEXT.test(headers['content-type']));
  return {
    version: '2.0',
    routeKey: route.routeKey,
    rawPath: pathname,
    rawQueryString: search.slice(1),
    headers,
    ...(cookie !== undefined && { cookies: cookie.split('; ') }),
    ...(search !== '' && { queryStringParameters: Object.fromEntries(searchParams) }),
    ...(Object.keys(route.pathParameters).length > 0 && { pathParameters: route.pathParameters }),
    requestContext: {
      accountId: ACCOUNT,
      apiId,
      domainName: headers.host,
      http: {
        method: message.method,
        path: pathname,
        protocol: `HTTP/${message.httpVersion}`,
        sourceIp: message.socket.remoteAddress,
        userAgent: headers['user-agent'],
      },
      requestId: randomUUID(),
      routeKey: route.routeKey,
      stage: '$default',
      time: now.toUTCString(),
      timeEpoch: now.getTime(),
    },
    ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** Lower-case names; a header that was sent more than once has its values joined by a comma. */
function joinHeaders({ headersDistinct }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headersDistinct).map(([name, values = []]) => [name, values.join(',')]),
  );
}
