import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { App, CfnOutput } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { stackPropsOf } from '../../lib/stages/settings.ts';
import { type Stage, stageSchema } from '../../lib/stages/stages.ts';
import { WebhookAdapterStack } from '../../lib/webhook-adapter-stack.ts';
import { EVERYTHING, PLAIN, resourcesIn, sixMappings, templateOf } from './stacks.ts';

/** CloudFormation's limits of a template, and CloudWatch's of a widget ("CloudFormation quotas"; "Dashboard body structure"). */
const LIMITS = { resources: 500, outputs: 200, bytes: 1_000_000, alarmsOfWidget: 100 };

/** A stack with everything on and so many sources, each with a secret of its own. */
function stackWith(sources: number): WebhookAdapterStack {
  const [one] = sixMappings;
  if (one === undefined) throw new Error('There is no mapping.');
  const mappings = Array.from({ length: sources }, (_, index) => {
    const source = `vendor-${index + 1}`;
    return { ...one, source, secret: `webhooks/${source}` };
  });
  const stage = { ...EVERYTHING, 'silent-after': undefined };
  return new WebhookAdapterStack(new App(), 'large', {
    ...stackPropsOf('large', stage),
    placeholders: 'allowed',
    mappings,
  });
}

/** What a synth says that fails. */
function failureOf(stack: WebhookAdapterStack): string {
  try {
    Template.fromStack(stack);
    return '';
  } catch (error) {
    return String(error);
  }
}

function widgetsOf(template: Template): readonly { type: string; properties: { alarms?: unknown[] } }[] {
  const [board] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
  const parts: readonly unknown[] = board?.Properties.DashboardBody['Fn::Join'][1];
  return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : 'token')).join('')).widgets;
}

describe('a stack of many sources', () => {
  const told =
    /with 200 sources would have (\d+) resources, and CloudFormation takes 500.* (\d+) sources fit/;
  const [, resources = '', fitting = ''] = told.exec(failureOf(stackWith(200))) ?? [];

  test('that is too large says so at synth, in words, with how many would fit', () => {
    expect(Number(resources)).toBeGreaterThan(600);
    expect(Number(fitting)).toBeGreaterThan(113);
    expect(failureOf(stackWith(Number(fitting) + 3))).toContain(
      'Make two stages of it: each has a stack of its own, and a folder of its own with some of the sources',
    );
  });

  test('of just so many is within all limits of AWS, with every alarm on the dashboard', () => {
    const template = Template.fromStack(stackWith(Number(fitting)));
    const { Resources, Outputs } = template.toJSON();
    const alarms = Object.keys(template.findResources('AWS::CloudWatch::Alarm'));
    const shown = widgetsOf(template).flatMap(({ properties }) => properties.alarms ?? []);
    const most = Math.max(...widgetsOf(template).map(({ properties }) => properties.alarms?.length ?? 0));

    expect(Object.keys(Resources).length).toBeLessThanOrEqual(LIMITS.resources);
    expect(Object.keys(Resources).length).toBeGreaterThan(LIMITS.resources - 5);
    expect(Object.keys(Outputs).length).toBeLessThanOrEqual(LIMITS.outputs);
    expect(JSON.stringify(template.toJSON()).length).toBeLessThan(LIMITS.bytes);
    expect(most).toBeLessThanOrEqual(LIMITS.alarmsOfWidget);
    expect(shown).toHaveLength(alarms.length);
  });

  test('counts what else the app puts there', () => {
    const stack = stackWith(2);
    for (let index = 0; index < 200; index += 1) new CfnOutput(stack, `Own${index}`, { value: 'x' });

    expect(failureOf(stack)).toContain(
      'large with 2 sources would have 211 outputs, and CloudFormation takes 200. Even without a source it would not fit. Give the adapter a stack of its own.',
    );
  });
});

describe('docs/own-cdk-app.md says of each prop how many resources it makes:', () => {
  const page = readFileSync(new URL('../../docs/own-cdk-app.md', import.meta.url), 'utf8');
  const count = (stage: Stage, ...sources: readonly string[]) =>
    resourcesIn(templateOf('dev', stage, { sources }));
  const plain = count(PLAIN, 'stripe');
  const more = (settings: object) =>
    count(stageSchema.parse({ ...PLAIN, ...settings }), 'stripe').length - plain.length;
  const alarmsOf = (...sources: readonly string[]) =>
    count(PLAIN, ...sources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm').length;
  const ofSource = alarmsOf('stripe', 'github') - alarmsOf('stripe');

  test.each([
    ['with one source', `A stack with one source has ${plain.length} resources`],
    ['alarms', `| \`alarms\` | ${alarmsOf('stripe') - ofSource}, and ${ofSource} for each source |`],
    [
      'an e-mail address',
      `| \`alarms.email\` | ${more({ 'alarm-email': 'a@example.com' }) / 2} for each topic`,
    ],
    ['egressCidr', `| \`egressCidr\` of the stack | ${more({ vpc: { cidr: '10.0.0.0/24' } })}:`],
    ['kms', `| \`kms: 'customer'\` of the stack | ${more({ kms: 'customer' })}:`],
    ['domain', `| \`domain\` | ${more({ domain: EVERYTHING.domain })} |`],
  ])('%s', (_what, sentence) => {
    expect(page).toContain(sentence);
  });
});
