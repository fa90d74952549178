import { createServer } from 'node:http';
import { listenOnLoopback } from '../../local/emulator/host.ts';

/** A resource of a stack, as CloudFormation lists it. */
export type ListedResource = { readonly id: string; readonly type?: string; readonly physical: string };

/** The stacks of an account, by their names. */
export type Stacks = Readonly<Record<string, { readonly resources: readonly ListedResource[] } & StackFacts>>;

type StackFacts = { readonly status?: string; readonly isProtected?: boolean };

export type CloudFormationServer = { readonly asked: readonly string[]; readonly stop: () => Promise<void> };

/** Answers in CloudFormation's own protocol, a page of two at a time, and points the SDK of this process there. */
export async function startCloudFormation(stacks: () => Stacks | 'refused'): Promise<CloudFormationServer> {
  const environment = { ...process.env };
  const asked: string[] = [];
  const server = createServer(async (message, response) => {
    const request = new URLSearchParams(Buffer.concat(await message.toArray()).toString('utf8'));
    const action = request.get('Action') ?? '';
    asked.push(action);
    const known = stacks();
    const answer = known === 'refused' ? undefined : answerTo(action, request, known);
    response.writeHead(typeof answer === 'string' ? 200 : 400, { 'content-type': 'text/xml' });
    response.end(answer ?? errorOf(known === 'refused' ? 'AccessDenied' : 'ValidationError', request));
  });
  const { url, stop } = await listenOnLoopback(server);
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_CLOUDFORMATION: url,
  });
  return {
    asked,
    stop: async () => {
      process.env = environment;
      await stop();
    },
  };
}

function answerTo(action: string, request: URLSearchParams, stacks: Stacks): string | undefined {
  const physical = request.get('PhysicalResourceId');
  const of = Object.keys(stacks).find((stack) =>
    stacks[stack]?.resources.some((one) => one.physical === physical),
  );
  const name = request.get('StackName') ?? of ?? '';
  if (action === 'DescribeStacks') return inXml(action, '', membersOf('Stacks', stacksIn(stacks)));
  const resources = stacks[name]?.resources;
  if (resources === undefined) return undefined;
  const from = Number(request.get('NextToken') ?? 0);
  const page = resources.slice(from, from + 2);
  const token = from + 2 < resources.length ? `<NextToken>${from + 2}</NextToken>` : '';
  return action === 'DescribeStackResources'
    ? inXml(
        action,
        '',
        membersOf(
          'StackResources',
          page.map((one) => resourceIn(name, one)),
        ),
      )
    : inXml(
        action,
        token,
        membersOf(
          'StackResourceSummaries',
          page.map((one) => resourceIn(name, one)),
        ),
      );
}

function stacksIn(stacks: Stacks): readonly string[] {
  return Object.entries(stacks).map(
    ([name, { status = 'UPDATE_COMPLETE', isProtected = false }]) =>
      `<StackName>${name}</StackName><StackStatus>${status}</StackStatus><EnableTerminationProtection>${isProtected}</EnableTerminationProtection><CreationTime>2026-01-01T00:00:00Z</CreationTime>`,
  );
}

function resourceIn(stack: string, { id, type = 'AWS::Other::Thing', physical }: ListedResource): string {
  return `<StackName>${stack}</StackName><LogicalResourceId>${id}</LogicalResourceId><PhysicalResourceId>${physical}</PhysicalResourceId><ResourceType>${type}</ResourceType>`;
}

function membersOf(name: string, members: readonly string[]): string {
  return `<${name}>${members.map((one) => `<member>${one}</member>`).join('')}</${name}>`;
}

function inXml(action: string, ...parts: readonly string[]): string {
  return `<${action}Response xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><${action}Result>${parts.join('')}</${action}Result></${action}Response>`;
}

function errorOf(code: string, request: URLSearchParams): string {
  const what = request.get('StackName') ?? request.get('PhysicalResourceId') ?? '';
  const text = code === 'ValidationError' ? `Stack with id ${what} does not exist` : 'not authorized';
  return `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${text}</Message></Error></ErrorResponse>`;
}
