import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { zipSync } from 'fflate';
import { type Deployed, readDeployed } from '../../../answers/diff/deployed.ts';
import { diff } from '../../../cli/mappings/diff.ts';
import { sourceSchema } from '../../../lambdas/ingest/source.ts';
import { functionCode } from '../../../lib/bundle/function-code.ts';
import { sourceOf } from '../../../lib/mapping/file.ts';
import { readMappingFolders } from '../../../lib/mapping/folders.ts';
import { resolveMapping } from '../../../lib/mapping/schema.ts';
import { type Loopback, listenOnLoopback } from '../../../local/emulator/host.ts';
import { SIX_SOURCES } from '../../fixtures/six-sources.ts';

type Files = Readonly<Record<string, Uint8Array>>;

const STACK = 'webhook-adapter-dev';
const environment = { ...process.env };

let loopback: Loopback;
/** What each function's package holds; what is not here does not exist. */
let packages: Record<string, Files>;
let refusal: { readonly name: string; readonly message: string } | undefined;

const stages = { ingest: new Map<string, Buffer>(), deliver: new Map<string, Buffer>() };

beforeAll(async () => {
  for (const stage of ['ingest', 'deliver'] as const) {
    const handler = fileURLToPath(new URL(`../../../lambdas/${stage}/handler.ts`, import.meta.url));
    for (const [name, code] of functionCode(handler)) stages[stage].set(name, code);
  }
  loopback = await listenOnLoopback(
    createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString('utf8');
      const name = /functions\/([^/?]+)/.exec(request.url ?? '')?.[1];
      if (request.url?.startsWith('/packages/'))
        return response.end(zipSync(packages[request.url.slice(10)] ?? {}, { level: 0 }));
      if (name !== undefined) {
        response.setHeader('content-type', 'application/json');
        return response.end(JSON.stringify({ Code: { Location: `${loopback.url}/packages/${name}` } }));
      }
      response.setHeader('content-type', 'text/xml');
      response.statusCode = refusal === undefined ? 200 : 400;
      return response.end(refusal === undefined ? resourcesOf(body) : errorOf(refusal));
    }),
  );
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_CLOUDFORMATION: loopback.url,
    AWS_ENDPOINT_URL_LAMBDA: loopback.url,
  });
});
afterAll(async () => {
  process.env = environment;
  await loopback.stop();
});
beforeEach(() => {
  refusal = undefined;
  packages = deployed();
});

/** The resources of the stack, one function a page. */
function resourcesOf(request: string): string {
  const names = Object.keys(packages);
  const page = Number(new URLSearchParams(request).get('NextToken') ?? 0);
  const member = (type: string, id: string, name: string) =>
    `<member><ResourceType>${type}</ResourceType><LogicalResourceId>${id}</LogicalResourceId><PhysicalResourceId>${name}</PhysicalResourceId><ResourceStatus>CREATE_COMPLETE</ResourceStatus><LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp></member>`;
  const ledger = member('AWS::DynamoDB::Table', 'WebhookAdapterLedgerTableA1B2C3D4', `${STACK}-ledger`);
  const name = names[page] ?? '';
  const next = page + 1 < names.length ? `<NextToken>${page + 1}</NextToken>` : '';
  return `<ListStackResourcesResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><ListStackResourcesResult><StackResourceSummaries>${page === 0 ? ledger : ''}${member('AWS::Lambda::Function', `WebhookAdapter${name}`, name)}</StackResourceSummaries>${next}</ListStackResourcesResult></ListStackResourcesResponse>`;
}

function errorOf({ name, message }: NonNullable<typeof refusal>): string {
  return `<ErrorResponse><Error><Type>Sender</Type><Code>${name}</Code><Message>${message}</Message></Error></ErrorResponse>`;
}

function sixMappings() {
  const read = readMappingFolders(SIX_SOURCES);
  if (!read.ok) throw new Error(JSON.stringify(read.failure));
  return read.value;
}

/** The packages as a synth makes them, of some mappings; `change` is made in the catalogue of deliver. */
function deployed(change: (text: string) => string = (text) => text): Record<string, Files> {
  const mappings = sixMappings();
  const catalogue = (entries: readonly object[]) => Buffer.from(JSON.stringify(entries));
  const text = JSON.stringify(mappings.map((mapping) => resolveMapping(mapping, 'default')));
  return {
    IngestFunctionA1B2C3D4: {
      ...Object.fromEntries(stages.ingest),
      'catalogue.json': catalogue(mappings.map((mapping) => sourceSchema.parse(sourceOf(mapping)))),
    },
    DeliverFunctionA1B2C3D4: {
      ...Object.fromEntries(stages.deliver),
      'catalogue.json': Buffer.from(change(text)),
    },
  };
}

const read = async (): Promise<Deployed> => {
  const result = await readDeployed(STACK);
  if (!result.ok) throw new Error(result.failure);
  return result.value;
};

describe('what a stack has deployed', () => {
  test('is read out of the packages of its functions', async () => {
    const { sources, isSameCode } = await read();

    expect(sources.map(({ mapping }) => mapping)).toEqual(
      sixMappings().map((one) => resolveMapping(one, 'default')),
    );
    expect(sources.map(({ profile }) => profile)).toEqual(sixMappings().map(({ profile }) => profile));
    expect(isSameCode).toBe(true);
  });

  test.each([
    ['another file', { 'bundle.cjs': Buffer.from('other') }],
    ['one file more', { 'more.cjs': Buffer.from('') }],
  ])('is of another version with %s', async (_, files) => {
    packages.DeliverFunctionA1B2C3D4 = { ...packages.DeliverFunctionA1B2C3D4, ...files };

    expect((await read()).isSameCode).toBe(false);
  });

  test.each([
    ['of another form', '[{"source":"shop","rules":[]}]'],
    ['that is no JSON', '['],
  ])('cannot be read by this version from a catalogue %s', async (_, text) => {
    packages = deployed(() => text);

    expect(await readDeployed(STACK)).toEqual({
      ok: false,
      failure: `The catalogue of ${STACK} is of another version, and cannot be read by this one.`,
    });
  });

  test.each([
    ['no function', () => ({})],
    ['two functions of a kind', () => ({ ...deployed(), SecondDeliverFunctionB1B2C3D4: {} })],
  ])('is not told of a stack with %s', async (_, made) => {
    packages = made();

    expect(await readDeployed(STACK)).toMatchObject({
      ok: false,
      failure: expect.stringContaining('no ingest and deliver'),
    });
  });

  test.each([
    ['AccessDenied', 'User ann is not authorized', 'by grantReadMappings'],
    [
      'ValidationError',
      `Stack with id ${STACK} does not exist`,
      `There is no adapter and no stack "${STACK}"`,
    ],
  ])('is explained where AWS answers %s', async (name, message, sentence) => {
    refusal = { name, message };

    expect(await readDeployed(STACK)).toMatchObject({
      ok: false,
      failure: expect.stringContaining(sentence),
    });
  });

  test('is explained in the words of AWS where it answers anything else', async () => {
    refusal = { name: 'Odd', message: 'odd' };

    expect(await readDeployed(STACK)).toMatchObject({
      ok: false,
      failure: expect.stringContaining('Odd: odd'),
    });
  });
});

describe('adapter diff --stack', () => {
  const project = { mappings: SIX_SOURCES, stagesFile: 'nowhere/stages.yaml' };
  const options = { stack: STACK, port: 1, deadLetters: false };

  test('finds nothing where the same is deployed', async () => {
    expect((await diff(project, options)).text).toContain('Nothing differs.');
  });

  test('shows what a deployment would change, and that the stack runs another version', async () => {
    packages = deployed((text) => text.replace('"channel":"stripe"', '"channel":"old"'));
    packages.DeliverFunctionA1B2C3D4 = {
      ...packages.DeliverFunctionA1B2C3D4,
      'index.mjs': Buffer.from('old'),
    };
    const { text } = await diff(project, options);

    expect(text).toContain(`Compared with what ${STACK} has deployed`);
    expect(text).toContain('The stack runs another version than this one.');
    expect(text).toContain('edited             event-params.channel: old → stripe');
    expect(text).toMatch(/parameter-changed {2}channel/);
  });

  test('refuses with the reason', async () => {
    refusal = { name: 'AccessDenied', message: 'User ann is not authorized' };

    expect(await diff(project, options)).toMatchObject({
      exitCode: 2,
      text: expect.stringContaining('grantReadMappings'),
    });
  });
});
