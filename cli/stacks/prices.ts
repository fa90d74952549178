/**
 * List prices in dollars, us-east-1, without free tiers, volume tiers and discounts. Sources, looked up on `at`: the pricing
 * pages of AWS (aws.amazon.com/<service>/pricing) and, where those show figures only to a browser, pages that quote them:
 * HTTP API apigatewaycost.com/aws; Lambda on arm64 and x86 cloudchipr.com/blog/aws-lambda-pricing; DynamoDB
 * airbyte.com/data-engineering-resources/dynamodb-pricing (after the cut of November 2024); CloudWatch
 * vantage.sh/blog/cloudwatch-metrics-pricing-explained-in-plain-english and
 * factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards; SQS, Secrets Manager, KMS, NAT, WAF their
 * pricing pages.
 */
export const PRICES = {
  at: '2026-11-24',
  region: 'us-east-1',
  httpApi: { perMillion: 1, meteredBytes: 512 * 1024 },
  lambda: { requestsPerMillion: 0.2, armGigabyteSecond: 0.000_013_333_4, x86GigabyteSecond: 0.000_016_666_7 },
  sqs: { perMillion: 0.4, meteredBytes: 64 * 1024 },
  dynamoDb: {
    writesPerMillion: 0.625,
    readsPerMillion: 0.125,
    storageGigabyte: 0.25,
    pointInTimeGigabyte: 0.2,
  },
  logs: { ingestedGigabyte: 0.5, storedGigabyte: 0.03 },
  metric: 0.3,
  alarmMetric: 0.1,
  compositeAlarm: 0.5,
  dashboard: 3,
  secret: 0.4,
  secretReadsPerMillion: 5,
  dataOutGigabyte: 0.09,
  key: 1,
  natGatewayHour: 0.045,
  webAcl: { month: 5, rule: 1, perMillion: 0.6 },
} as const;

export type Prices = typeof PRICES;
