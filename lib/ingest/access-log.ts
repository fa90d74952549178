/**
 * A line of the access log. No address, no user agent, no path: what strangers try there is theirs. The request id leads
 * to the function's own line, which names the source; the error is API Gateway's, where it refused a request itself.
 */
export const ACCESS_LOG = {
  requestId: '$context.requestId',
  requestTime: '$context.requestTime',
  routeKey: '$context.routeKey',
  status: '$context.status',
  responseLength: '$context.responseLength',
  responseLatency: '$context.responseLatency',
  integrationStatus: '$context.integration.status',
  error: '$context.error.message',
  integrationError: '$context.integrationErrorMessage',
};
