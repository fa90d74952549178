import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Duration } from 'aws-cdk-lib';
import { readAlarmSettings } from '../../lib/alarm-stage-settings.ts';
import { eventUrlSchema, readStages, selectStages } from '../../lib/stages.ts';

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

describe('the settings of a stage', () => {
  const read = (settings: string) => {
    const file = join(directory, 'stages.yaml');
    writeFileSync(file, `dev:\n  event-url: https://dev.example/events\n  ${settings}\n`);
    return readStages(file);
  };

  test.each([
    ['events-per-second: 0.5', { 'events-per-second': 0.5 }],
    ['concurrency: 2', { concurrency: 2 }],
    ['success-id-fields: [transaction-id, transid]', { 'success-id-fields': ['transaction-id', 'transid'] }],
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
    ['events-per-second: 0', 'expected more than 0'],
    ['events-per-second: fast', 'expected a number'],
    ['concurrency: 1', 'expected 2 at least'],
    ['concurrency: 1001', 'expected 1000 at most'],
    ['concurrency: 2.5', 'expected a whole number'],
    ['success-id-fields: []', 'expected one name at least'],
    ['success-id-fields: ["a,b"]', 'expected a name without a comma'],
    ['alarm-email: on-call', 'expected an e-mail address'],
    ['fresh-within: 15', 'expected a time span'],
    ['fresh-within: 2d', 'expected 1m to 24h'],
    ['silent-after: { stripe: 5m }', 'expected 10m to 24h'],
    ['lambda-concurrency: 9', 'expected 10 at least'],
  ])('may not be %s', (yaml, message) => {
    expect(read(yaml)).toMatchObject({
      ok: false,
      failure: [{ message: expect.stringContaining(message) }],
    });
  });
});

describe('the settings of its alarms', () => {
  test('are read as the construct takes them', () => {
    const settings = {
      ...{ 'alarm-email': 'on-call@example.com', 'fresh-within': 300 },
      ...{ 'silent-after': { stripe: 7_200 }, 'lambda-concurrency': 50 },
    };

    expect(readAlarmSettings(settings)).toEqual({
      email: 'on-call@example.com',
      freshWithin: Duration.seconds(300),
      silentAfter: { stripe: Duration.seconds(7_200) },
      lambdaConcurrency: 50,
    });
  });

  test('are none, where a stage says none', () => {
    expect(readAlarmSettings({})).toEqual({ silentAfter: {} });
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
