import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { type Project, projectOf } from '../../answers/project.ts';
import { validate } from '../../cli/mappings/validate.ts';

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
