import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Construct } from 'constructs';
import { findAdapter } from '../../answers/deployed-stack.ts';
import { openAccount } from '../../answers/project.ts';
import { WebhookAdapter } from '../../lib/webhook-adapter.ts';
import { EVENT_URL, PLAIN, sixMappings, stackOf } from '../lib/stacks.ts';
import {
  type CloudFormationServer,
  type ListedResource,
  type Stacks,
  startCloudFormation,
} from './cloudformation-server.ts';

/** How CloudFormation names what has no name in the template: the stack, the id, and twelve characters. */
const RANDOM = '1A2B3C4D5E6F';

/** What CloudFormation lists of a deployed template. */
function listed(stack: Stack): readonly ListedResource[] {
  const { Resources } = Template.fromStack(stack).toJSON();
  return Object.entries<{ Type: string; Properties?: Record<string, unknown> }>(Resources).map(
    ([id, { Type, Properties = {} }]) => {
      const { TableName, QueueName, LogGroupName } = Properties;
      const given = TableName ?? LogGroupName ?? (QueueName && `https://sqs.example/1/${QueueName}`);
      const physical = typeof given === 'string' ? given : `${stack.stackName}-${id}-${RANDOM}`;
      return { id, type: Type, physical };
    },
  );
}

const props = { eventUrl: EVENT_URL, placeholders: 'allowed', mappings: sixMappings.slice(0, 1) } as const;

/** An app that gives its adapters names, and has two of them in a stack. */
function ownStacks(): Stacks {
  const app = new App();
  const shop = new Stack(app, 'company-shop');
  new WebhookAdapter(shop, 'Ingest', { ...props, name: 'hooks' });
  const two = new Stack(app, 'two');
  new WebhookAdapter(new Construct(two, 'Eu'), 'Webhooks', { ...props, name: 'eu-hooks' });
  new WebhookAdapter(new Construct(two, 'Us'), 'Webhooks', { ...props, name: 'us-hooks' });
  return {
    'company-shop': { resources: listed(shop) },
    two: { resources: listed(two) },
    'webhook-adapter-dev': { resources: listed(stackOf('dev', PLAIN, { sources: ['stripe'] })) },
    'of-others': { resources: [{ id: 'Bucket83908E77', physical: 'a-bucket' }] },
  };
}

let stacks: Stacks | 'refused';
let server: CloudFormationServer;
beforeAll(async () => {
  stacks = ownStacks();
  server = await startCloudFormation(() => stacks);
});
afterAll(() => server.stop());

/** The functions, or their log groups, by how AWS names what a template leaves to it. */
const namedAs = (stack: string, place: string, what: 'Function' | 'FunctionLogs') =>
  ['ingest', 'deliver'].map((stage) => {
    const id = `${place}${stage === 'ingest' ? 'Ingest' : 'Deliver'}${what}`;
    return {
      stage,
      name: expect.stringMatching(new RegExp(`^${stack}-${id}[0-9A-F]{8}-${RANDOM}$`)),
    };
  });

const partsOf = (stack: string, place: string) => ({
  functions: namedAs(stack, place, 'Function'),
  logGroups: namedAs(stack, place, 'FunctionLogs'),
  searchFunction: expect.stringMatching(new RegExp(`^${stack}-${place}SearchFunction[0-9A-F]{8}-${RANDOM}$`)),
});

describe('an adapter on AWS is found', () => {
  test('by the name of its stack, which is its own', async () => {
    expect(await findAdapter('webhook-adapter-dev')).toEqual({
      ok: true,
      value: {
        name: 'webhook-adapter-dev',
        ...partsOf('webhook-adapter-dev', 'WebhookAdapter'),
      },
    });
  });

  test.each(['hooks', 'company-shop'])('by its own name and by that of its stack: %s', async (given) => {
    expect(await findAdapter(given)).toEqual({
      ok: true,
      // A construct within one of the same name has no second part in its id.
      value: { name: 'hooks', ...partsOf('company-shop', '(Ingest)?') },
    });
  });

  test('by its own name where a stack has two, with its own log groups alone', async () => {
    expect(await findAdapter('us-hooks')).toEqual({
      ok: true,
      value: { name: 'us-hooks', ...partsOf('two', 'UsWebhooks') },
    });
    expect(await findAdapter('two')).toEqual({
      ok: false,
      failure: 'The stack "two" has several adapters. Name one of them: eu-hooks, us-hooks.',
    });
  });

  test('not where there is none, and the sentence says so', async () => {
    expect(await findAdapter('nobody')).toEqual({
      ok: false,
      failure: 'There is no adapter and no stack "nobody" in this account and region.',
    });
    expect(await findAdapter('of-others')).toEqual({
      ok: false,
      failure: 'The stack "of-others" has no adapter.',
    });
  });
});

test('every command works on the adapter that its stack was named for', async () => {
  const account = await openAccount({ stack: 'company-shop', port: 0 });

  expect(account).toMatchObject({ ok: true, value: { stackName: 'hooks', logGroups: { ok: true } } });
});

test('whoever may not ask CloudFormation names the adapter itself, and is told why where logs are wanted', async () => {
  const before = stacks;
  stacks = 'refused';
  const account = await openAccount({ stack: 'hooks', port: 0 });
  stacks = before;

  expect(account).toMatchObject({
    ok: true,
    value: {
      stackName: 'hooks',
      logGroups: {
        ok: false,
        failure:
          'CloudFormation has not said what the stack "hooks" has (AccessDenied: not authorized). If the stack has another name than the adapter, name the stack.',
      },
    },
  });
});
