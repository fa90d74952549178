import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { costTable, formatCost, reportOf } from '../../../cli/stacks/cost.ts';
import { readTemplateFacts, type TemplateFacts } from '../../../cli/stacks/template-facts.ts';
import { type MappingFile, parseMappingFile } from '../../../lib/mapping/file.ts';
import { stackPropsOf } from '../../../lib/stages/settings.ts';
import { readStages, type Stage, stageSchema } from '../../../lib/stages/stages.ts';
import { WebhookAdapterStack } from '../../../lib/webhook-adapter-stack.ts';
import { billInput } from './bill-input.ts';

/** A mapping of five events. docs/operations.md calculates with six of these, whatever is in `mappings/`. */
function mappingOf(source: string): MappingFile {
  const events = [1, 2, 3, 4, 5].map((number) => ({
    name: `event-${number}`,
    on: `type.${number}`,
    'event-id': `evt_${number}`,
    'event-key': { kind: 'email', value: '{% email %}' },
    'event-params': {},
  }));
  // JSON is YAML.
  const text = JSON.stringify({ source, verify: 'stripe', secret: `webhooks/${source}`, events });
  const file = parseMappingFile(`${source}/mapping.yaml`, text, { folder: source });
  if (!file.ok) throw new Error(JSON.stringify(file.failure));
  return file.value;
}

const MAPPINGS = ['stripe', 'one', 'two', 'three', 'four', 'five'].map(mappingOf);

function factsOf(name: string, stage: Stage | undefined): TemplateFacts {
  if (stage === undefined) throw new Error(`There is no stage ${name}.`);
  const props = { ...stackPropsOf(name, stage), mappings: MAPPINGS };
  const stack = new WebhookAdapterStack(new App(), `webhook-adapter-${name}`, props);
  return readTemplateFacts(Template.fromStack(stack).toJSON());
}

const EVERYTHING_ON = fileURLToPath(new URL('../../everything-on.yaml', import.meta.url));

describe('of a stage as it is synthesized', () => {
  let plain: TemplateFacts;
  let everything: TemplateFacts;
  beforeAll(() => {
    plain = factsOf(
      'plain',
      stageSchema.parse({ 'event-url': 'https://tenant.webexcampaign.example/events' }),
    );
    const stages = readStages(EVERYTHING_ON);
    everything = factsOf('prod', stages.ok ? stages.value.prod : undefined);
  });

  test('the template has all that the bill follows from, and nothing without a price', () => {
    expect(plain).toMatchObject({
      ingest: { memoryMegabytes: 512, isArm: true },
      deliver: { memoryMegabytes: 512, isArm: true, eventsPerSecond: 5, concurrency: 2, batchSize: 10 },
      sources: 6,
      secrets: 7,
      retentionDays: 30,
      hasPointInTimeRecovery: true,
      natGateways: 0,
      keys: 1,
      unpriced: [],
    });
    expect(plain.accessLogBytes).toBeGreaterThan(200);
  });

  test('what a stage sets is found in its template, each with a price', () => {
    expect(everything).toMatchObject({
      deliver: { eventsPerSecond: 20, concurrency: 4 },
      natGateways: 1,
      keys: 2,
      unpriced: [],
    });
    expect(everything.alarmMetrics).toBeGreaterThan(plain.alarmMetrics);
  });

  test('the report says what costs most, and how long it takes to catch up', () => {
    const text = formatCost(reportOf('plain', plain, billInput().usage, 4));

    expect(text).toMatch(
      /^Stage plain: 1,000,000 webhooks a month, 4 KB each, 1 event of each, 0 % copies, 0 % ignored\n/,
    );
    expect(text).toMatch(/no free tier taken off/);
    expect(text).toMatch(/\nThe largest line is CloudWatch: \d+ metrics: \d+ % of all.\n/);
    expect(text).toMatch(
      /After an outage of Webex Campaign of 4 h, 5,479 events wait. They have gone out 20 min later, at 5 a second/,
    );
    expect(text).not.toContain('Not included');
  });

  test('the report names what has no price here, and what never drains', () => {
    const usage = { ...billInput().usage, webhooks: 50_000_000 };
    const text = formatCost(reportOf('plain', { ...plain, unpriced: ['AWS::EC2::Instance'] }, usage, 30));

    expect(text).toContain('Not included, because the prices are not known here: AWS::EC2::Instance.\n');
    expect(text).toContain('They never drain: more events come than the 5 a second that can go out.\n');
    expect(text).toMatch(/\n[\d,]+ were older than 24 h by then: dead letters, to be replayed.\n/);
    expect(text).toContain('For a higher rate, agree on more with Cisco, then raise events-per-second.');
  });

  test('docs/operations.md has the table, of six sources and thirty events', () => {
    const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
    const table = costTable(reportOf('plain', plain, billInput().usage, 4)).join('\n');

    expect(/```text\n(.*?)```/s.exec(page)?.[1]).toBe(`${table}\n`);
  });
});

describe('`adapter cost` with the stages and mappings of this repository', () => {
  const run = (...args: readonly string[]) =>
    promisify(execFile)(process.execPath, ['cli/adapter.ts', 'cost', ...args], {
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    });

  test('prints what a program can read', async () => {
    const { stdout } = await run('--json', '--rate', '0', '--outage', '2');

    const { lines, drain } = JSON.parse(stdout);
    expect(lines.every(({ per, dollars }: Line) => per === 'month' && dollars > 0)).toBe(true);
    expect(drain).toMatchObject({ hours: 2, waiting: 0, seconds: 900 });
  });

  test.each([
    [['--stage', 'nowhere'], /There is no stage "nowhere"\. There are: /],
    [['--duplicates', '60', '--ignored', '60'], /parts of the same webhooks/],
    [['--outage', '-1'], /expected a number, 0 or more/],
  ])('refuses %j', async (args, expected) => {
    await expect(run(...args)).rejects.toMatchObject({ code: 2, stderr: expect.stringMatching(expected) });
  });
});

type Line = { readonly per: string; readonly dollars: number };
