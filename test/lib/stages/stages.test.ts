import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Duration } from 'aws-cdk-lib';
import { formatProblems } from '../../../lib/config/file.ts';
import { stackPropsOf } from '../../../lib/stages/settings.ts';
import { eventUrlSchema, readStages, selectStages } from '../../../lib/stages/stages.ts';

const directory = mkdtempSync(join(tmpdir(), 'stages-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('an event URL', () => {
  test.each([
    'https://tenant.webexcampaign.io/campaignapi/resources/v3/events',
    'http://127.0.0.1:8788/events',
    'http://127.9.9.9/events',
    'http://localhost:1/events',
    'http://[::1]:1/events',
  ])('may be %s', (url) => {
    expect(eventUrlSchema.safeParse(url).success).toBe(true);
  });

  test.each([
    ['http://tenant.webexcampaign.io/events', 'expected https'],
    ['http://127.0.0.1.example.com/events', 'expected https'],
    ['ftp://127.0.0.1/events', 'expected a whole URL'],
    ['tenant.webexcampaign.io', 'expected a whole URL'],
    ['', 'expected a whole URL'],
    ['https://user:secret@tenant.webexcampaign.io/events', 'without user and password'],
  ])('may not be %j', (url, message) => {
    const parsed = eventUrlSchema.safeParse(url);

    expect(parsed.success ? '' : parsed.error.issues.map((issue) => issue.message).join()).toContain(message);
  });
});

const file = join(directory, 'stages.yaml');
const read = (settings: string) => {
  mkdirSync(join(directory, 'mappings-acme'), { recursive: true });
  writeFileSync(file, `dev:\n  event-url: https://dev.example/events\n  ${settings}\n`);
  return readStages(file);
};
/** The problems of a stage's settings, without the file: `line:column  path  message`. */
const problemsOf = (settings: string) => {
  const stages = read(settings);
  return stages.ok ? '' : formatProblems(stages.failure).replaceAll(`${relative(process.cwd(), file)}:`, '');
};

const ARN = 'arn:aws:acm:eu-west-1:111122223333:certificate/0a1b-2c3d';

describe('the settings of a stage', () => {
  test.each([
    ['events-per-second: 0.5', { 'events-per-second': 0.5 }],
    ['concurrency: 2', { concurrency: 2 }],
    ['success-id-fields: [transaction-id, transid]', { 'success-id-fields': ['transaction-id', 'transid'] }],
    ['mappings: mappings-acme', { mappings: 'mappings-acme' }],
    ['keep-data: false', { 'keep-data': false }],
    ['termination-protection: true', { 'termination-protection': true }],
    [
      'tags: { team: messaging, "cost:center": "4711" }',
      { tags: { team: 'messaging', 'cost:center': '4711' } },
    ],
    ['kms: customer', { kms: 'customer' }],
    ['kms: managed', { kms: 'managed' }],
    [
      'throttle: { requests-per-second: 50.5, burst: 100 }',
      { throttle: { 'requests-per-second': 50.5, burst: 100 } },
    ],
    ['ingest-concurrency: 1', { 'ingest-concurrency': 1 }],
    [
      `domain: { name: hooks.example.com, certificate-arn: "${ARN}" }`,
      { domain: { name: 'hooks.example.com', 'certificate-arn': ARN } },
    ],
    ['vpc: { cidr: 10.0.0.0/26 }', { vpc: { cidr: '10.0.0.0/26' } }],
    ['alarm-email: on-call@example.com', { 'alarm-email': 'on-call@example.com' }],
    ['fresh-within: 5m', { 'fresh-within': 300 }],
    ['silent-after: { stripe: 2h, shopify: 24h }', { 'silent-after': { stripe: 7_200, shopify: 86_400 } }],
    ['lambda-concurrency: 10', { 'lambda-concurrency': 10 }],
  ])('may be %s', (yaml, settings) => {
    expect(read(yaml)).toEqual({
      ok: true,
      value: { dev: { 'event-url': 'https://dev.example/events', ...settings } },
    });
  });

  test.each([
    ['events-per-second: 0', '3:3  dev.events-per-second  expected more than 0'],
    ['events-per-second: fast', '3:3  dev.events-per-second  expected a number, found the string fast.'],
    ['events-per-second: 1001', '3:3  dev.events-per-second  expected 1000 at most'],
    ['concurrency: 1', '3:3  dev.concurrency  expected 2 at least, as SQS has it'],
    ['concurrency: 1001', '3:3  dev.concurrency  expected 1000 at most, as SQS has it'],
    ['concurrency: 2.5', '3:3  dev.concurrency  expected a whole number, found the number 2.5.'],
    ['success-id-fields: []', '3:3  dev.success-id-fields  expected one name at least'],
    ['success-id-fields: ["a,b"]', '3:23  dev.success-id-fields[0]  expected a name without a comma'],
    ...['/srv/mappings', '../mappings', 'a/../../b', 'mappings/', '..'].map((folder) => [
      `mappings: ${folder}`,
      '3:3  dev.mappings  expected a folder of this project, without "/" at its end: mappings-acme',
    ]),
    [
      'mappings: mappings-akme',
      '3:3  dev.mappings  there is no folder "mappings-akme". Create it, with a folder in it for each source.',
    ],
    ['keep-data: "no"', '3:3  dev.keep-data  expected true or false, found the string no.'],
    [
      'termination-protection: 1',
      '3:3  dev.termination-protection  expected true or false, found the number 1.',
    ],
    [
      'tags: { cost-center: 4711 }',
      '3:11  dev.tags.cost-center  expected text (quote it), found the number 4711.',
    ],
    [
      'tags: { "aws:team": a }',
      '3:11  dev.tags.aws:team  expected a tag of 1 to 128 letters, digits, spaces and _.:/=+@-, not beginning with "aws:"',
    ],
    [
      'tags: { team: "a#b" }',
      '3:11  dev.tags.team  expected 256 letters, digits, spaces and _.:/=+@- at most',
    ],
    ['kms: mine', '3:3  dev.kms  expected one of: managed, customer; found "mine".'],
    [
      'throttle: { requests-per-second: 0, burst: 0 }',
      [
        '3:15  dev.throttle.requests-per-second  expected more than 0',
        '3:39  dev.throttle.burst  expected 1 at least',
      ].join('\n'),
    ],
    ['throttle: { burst: 10 }', '3:3  dev.throttle.requests-per-second  is missing. Add it.'],
    [
      'throttle: { requests-per-second: 10, bursts: 10 }',
      [
        '3:3  dev.throttle.burst  is missing. Add it.',
        '3:40  dev.throttle.bursts  is not a known key. Did you mean "burst"?',
      ].join('\n'),
    ],
    ['ingest-concurrency: 0', '3:3  dev.ingest-concurrency  expected 1 at least'],
    [
      'domain: { name: "https://hooks.example.com", certificate-arn: mine }',
      [
        '3:13  dev.domain.name  expected a host name: hooks.example.com',
        '3:48  dev.domain.certificate-arn  expected the ARN of a certificate of ACM: arn:aws:acm:<region>:<account>:certificate/<id>',
      ].join('\n'),
    ],
    ['vpc: { cidr: 10.0.0.0/27 }', '3:10  dev.vpc.cidr  expected a range from /16 to /26'],
    ['alarm-email: on-call', '3:3  dev.alarm-email  expected an e-mail address'],
    [
      'fresh-within: 15',
      '3:3  dev.fresh-within  expected a time span: a number and s, m, h or d, as in "24h"',
    ],
    ['fresh-within: 2d', '3:3  dev.fresh-within  expected 1m to 24h'],
    ['silent-after: { stripe: 5m }', '3:19  dev.silent-after.stripe  expected 10m to 24h'],
    ['lambda-concurrency: 9', '3:3  dev.lambda-concurrency  expected 10 at least'],
    ['vpc: { cidr: everything }', '3:10  dev.vpc.cidr  expected a range of addresses: 10.0.0.0/24'],
  ])('may not be %s', (yaml = '', problems) => {
    expect(problemsOf(yaml)).toBe(problems);
  });
});

describe('settings that do not fit together', () => {
  test.each([
    [
      'a rate at which the turn of a worker does not come in its time',
      'events-per-second: 0.1',
      '3:3  dev.events-per-second  0.1, shared by 2 workers, is a call every 20 s each, and a worker can wait 17 s for its turn (30 s, less 10 s for the call and 3 s to settle it). Give 0.12 at least, or fewer workers.',
    ],
    [
      'the same by too many workers',
      'concurrency: 100',
      '3:3  dev.concurrency  5, shared by 100 workers, is a call every 20 s each, and a worker can wait 17 s for its turn (30 s, less 10 s for the call and 3 s to settle it). Give 5.89 at least, or fewer workers.',
    ],
    [
      'an API that takes less than is sent',
      'throttle: { requests-per-second: 4, burst: 10 }',
      '3:15  dev.throttle.requests-per-second  4 is less than the 5 events that are sent each second: vendors would be refused while deliver is idle. Give 5 at least.',
    ],
    [
      'two addresses for one API',
      `public-url: https://a.example\n  domain: { name: b.example, certificate-arn: "${ARN}" }`,
      '3:3  dev.public-url  is what webhook URLs begin with, and so is https://b.example of the domain. Remove it.',
    ],
    [
      'one domain for two stages',
      `domain: { name: b.example, certificate-arn: "${ARN}" }\nacme:\n  event-url: https://acme.example/e\n  domain: { name: b.example, certificate-arn: "${ARN}" }`,
      '6:13  acme.domain.name  is the domain of the stage "dev" too. Take another.',
    ],
    [
      'more executions for ingest than the account can reserve',
      'ingest-concurrency: 901',
      '3:3  dev.ingest-concurrency  the account runs 1000 at a time (lambda-concurrency), of which AWS keeps 100 for functions that reserve none: give 900 at most.',
    ],
    [
      'more workers than the account runs',
      'events-per-second: 20\n  concurrency: 11\n  lambda-concurrency: 10',
      '4:3  dev.concurrency  the account runs 10 functions at a time (lambda-concurrency): give 10 at most.',
    ],
  ])('%s', (_, yaml, problems) => {
    expect(problemsOf(yaml)).toBe(problems);
  });

  test('are reported where they stand in the file', () => {
    expect(read('events-per-second: 0.1')).toMatchObject({
      ok: false,
      failure: [{ file: relative(process.cwd(), file), line: 3, column: 3, path: 'dev.events-per-second' }],
    });
  });
});

describe('the settings of its alarms', () => {
  const alarmsOf = (settings: object) =>
    stackPropsOf('dev', { 'event-url': 'https://dev.example/events', ...settings }).alarms;

  test('are read as the construct takes them', () => {
    const settings = {
      ...{ 'alarm-email': 'on-call@example.com', 'fresh-within': 300 },
      ...{ 'silent-after': { stripe: 7_200 }, 'lambda-concurrency': 50 },
    };

    expect(alarmsOf(settings)).toEqual({
      email: 'on-call@example.com',
      freshWithin: Duration.seconds(300),
      silentAfter: { stripe: Duration.seconds(7_200) },
      lambdaConcurrency: 50,
    });
  });

  test('are none, where a stage has none', () => {
    expect(alarmsOf({})).toEqual({ silentAfter: {} });
  });
});

describe('the stages to synthesize', () => {
  const stages = {
    dev: { 'event-url': 'https://dev.example/events' },
    prod: { 'event-url': 'https://example/events' },
  };

  test('are all, unless one is named', () => {
    expect(selectStages(stages, { stage: undefined, 'event-url': undefined })).toEqual({
      ok: true,
      value: stages,
    });
    expect(selectStages(stages, { stage: 'dev', 'event-url': undefined })).toEqual({
      ok: true,
      value: { dev: stages.dev },
    });
  });

  test('leave out the one of this machine, unless it is asked for', () => {
    const withLocal = { local: stages.dev, ...stages };

    expect(selectStages(withLocal, {})).toEqual({ ok: true, value: stages });
    expect(selectStages(withLocal, { local: 'true' })).toEqual({ ok: true, value: withLocal });
    expect(selectStages(withLocal, { stage: 'local' })).toEqual({ ok: true, value: { local: stages.dev } });
  });

  test('take another event URL for one of them', () => {
    const url = 'http://127.0.0.1:1/events';

    expect(selectStages(stages, { stage: 'dev', 'event-url': url })).toEqual({
      ok: true,
      value: { dev: { 'event-url': url } },
    });
  });

  test.each([
    [{ stage: 'test', 'event-url': undefined }, 'expected a stage of stages.yaml (dev, prod), found test.'],
    [
      { stage: undefined, 'event-url': 'https://example/e' },
      'expected a stage of stages.yaml (dev, prod), found none.',
    ],
    [{ stage: 'dev', 'event-url': 'example' }, 'expected a whole URL: https://host/path'],
  ])('are refused for %j', (context, message) => {
    expect(selectStages(stages, context)).toMatchObject({
      ok: false,
      failure: [{ file: 'context', message }],
    });
  });
});
