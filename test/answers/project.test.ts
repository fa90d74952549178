import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { openAccount, type Project, projectOf } from '../../answers/project.ts';
import { validate } from '../../cli/mappings/validate.ts';
import { listenOnLoopback } from '../../local/emulator/host.ts';

const directory = mkdtempSync(join(tmpdir(), 'project-'));
afterAll(() => rmSync(directory, { recursive: true }));

const at = (path: string) => join(directory, path);
for (const [folder, source] of [
  ['mappings', 'shop'],
  ['mappings-acme', 'till'],
] as const) {
  mkdirSync(at(`${folder}/${source}/examples`), { recursive: true });
  writeFileSync(
    at(`${folder}/${source}/mapping.yaml`),
    `source: ${source}\nverify: shopify\nsecret: webhooks/${source}\nevents:\n  - name: paid\n    on: orders/paid\n    event-id: evt_1\n    event-key: a\n`,
  );
}
writeFileSync(
  at('stages.yaml'),
  'dev:\n  event-url: https://dev.example/e\nacme:\n  event-url: https://acme.example/e\n  mappings: mappings-acme\n',
);
const project: Project = { mappings: at('mappings'), stagesFile: at('stages.yaml') };

describe('the clock of a stack on AWS', () => {
  /** What a command has for the time, how far it is from this machine's, and what a person is told of it. */
  async function clockBy(skew: number | undefined) {
    const server = createServer((_request, response) => {
      response.sendDate = false;
      if (skew !== undefined) response.setHeader('date', new Date(Date.now() + skew).toUTCString());
      response.writeHead(404).end();
    });
    const { url, stop } = await listenOnLoopback(server);
    const told: string[] = [];
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0);
    const environment = { ...process.env };
    Object.assign(process.env, {
      ...{ AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: url },
      ...{ AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
    });
    const account = await openAccount({ stack: 'webhook-adapter-dev', port: 1 });
    process.env = environment;
    jest.restoreAllMocks();
    await stop();
    if (!account.ok) throw new Error(account.failure);
    return { seconds: (account.value.clock.now().getTime() - Date.now()) / 1000, told };
  }

  test.each([
    [-61_000, 'ahead of'],
    [7_200_000, 'behind'],
  ])('is AWS’s where this machine is off by %i ms, and a person is told', async (skew, side) => {
    const { seconds, told } = await clockBy(skew);

    expect(Math.abs(seconds - skew / 1000)).toBeLessThan(3);
    expect(told).toEqual([
      expect.stringMatching(
        new RegExp(`^This machine's clock is \\d+ s ${side} that of AWS\\. Times are taken`),
      ),
    ]);
  });

  test.each([[0], [undefined]])(
    'is this machine’s where AWS has the same, or says none: %p',
    async (skew) => {
      const { seconds, told } = await clockBy(skew);

      expect(Math.abs(seconds)).toBeLessThan(1);
      expect(told).toEqual([]);
    },
  );
});

describe("a stage's mapping folders", () => {
  test.each([
    [{}, 'mappings'],
    [{ stage: 'dev' }, 'mappings'],
    [{ stage: 'acme' }, 'mappings-acme'],
    [{ stack: 'webhook-adapter-acme' }, 'mappings-acme'],
    [{ stack: 'webhook-adapter-dev' }, 'mappings'],
    [{ stack: 'webhook-adapter-dev', stage: 'acme' }, 'mappings-acme'],
    [{ stack: 'of-my-own-app' }, 'mappings'],
  ])('are, for %j, those in %s', (choice, folder) => {
    expect(projectOf(project, choice).mappings).toBe(at(folder));
  });

  test('are all checked by validate', async () => {
    writeFileSync(at('mappings-acme/till/examples/wrong.yaml'), 'nothing: of it\n');
    const { text, exitCode } = await validate(project, {});

    expect(exitCode).toBe(1);
    expect(text).toContain('mappings-acme/till/examples/wrong.yaml');
    expect(text).toContain('mappings/shop/');
  });
});
