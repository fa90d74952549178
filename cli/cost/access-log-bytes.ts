import { Buffer } from 'node:buffer';

/** What stands in a line in the place of a variable: as long as AWS's own. Others are "-", as of what went well. */
const LENGTHS: Readonly<Record<string, number>> = {
  requestId: 16,
  extendedRequestId: 16,
  requestTime: 26,
  routeKey: 23,
  status: 3,
  responseLength: 2,
  responseLatency: 2,
  'integration.status': 3,
  'integration.latency': 2,
  domainName: 49,
  protocol: 8,
};

/** The bytes of a line of API Gateway's access log, as CloudWatch Logs counts them; 0 without such a log. */
export function accessLogBytes(format: string | undefined): number {
  if (format === undefined) return 0;
  const line = format.replaceAll(/\$context\.([\w.]+)/g, (_, name: string) => '-'.repeat(LENGTHS[name] ?? 1));
  return Buffer.byteLength(line) + 26;
}
