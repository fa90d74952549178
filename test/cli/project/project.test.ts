import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Project } from '../../../answers/project.ts';
import { validate } from '../../../cli/mappings/validate.ts';
import { writeSource } from '../../../cli/project/add-source.ts';
import { initProject } from '../../../cli/project/init.ts';
import { PROFILE_NAMES } from '../../../lambdas/ingest/signature/profiles/profiles.ts';
import { explainOldNode, readManifest } from '../../../lib/config/terminal.ts';

let directory: string;
let project: Project;
const at = (...names: readonly string[]) => join(directory, ...names);
const read = (...names: readonly string[]) => readFileSync(at(...names), 'utf8');

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'own-project-'));
  project = { mappings: at('mappings'), stagesFile: at('stages.yaml') };
});
afterEach(() => rmSync(directory, { recursive: true }));

const isRight = async () => {
  const { text, exitCode } = await validate(project, {});
  return exitCode === 0 ? 'right' : text;
};

describe('add-source', () => {
  beforeEach(() => writeFileSync(project.stagesFile, 'local:\n  event-url: http://127.0.0.1:1/events\n'));

  test.each(PROFILE_NAMES)(
    'of the profile %s writes a folder that is right, and has an example',
    async (name) => {
      const written = await writeSource(project, { name: 'acme', verify: name });

      expect(written).toMatchObject({ ok: true, value: { sample: expect.any(String) } });
      expect(await isRight()).toBe('right');
      expect(read('mappings/acme/mapping.yaml')).toContain(`verify: ${name}\n`);
      const sample = written.ok ? written.value.sample : '';
      expect(read('mappings/acme/examples', `${sample}.yaml`)).toContain('event-key: customer@example.com');
    },
  );

  test('of a vendor without a profile writes a folder that is right, and says that it has guessed', async () => {
    const written = await writeSource(project, { name: 'acme' });

    expect(written.ok && written.value.notes.join()).toContain('it is a guess now');
    expect(await isRight()).toBe('right');
  });

  test('gives each source a definition with an id of its own, and a secret of its own', async () => {
    for (const name of ['paddle', 'acme']) await writeSource(project, { name });

    expect(read('webex-events.yaml').match(/evt_9\d+/g)).toEqual([
      'evt_90000000000001',
      'evt_90000000000002',
    ]);
    const secrets = JSON.parse(read('local/secrets.json'));
    expect(Object.keys(secrets)).toEqual(['webhooks/paddle', 'webhooks/acme']);
    expect(secrets['webhooks/paddle']).not.toEqual(secrets['webhooks/acme']);
  });

  test('keeps what is in webex-events.yaml and in the file of secrets', async () => {
    writeFileSync(at('webex-events.yaml'), '# mine\nown:\n  event-id: evt_1\n  key: email\n');
    mkdirSync(at('local'));
    writeFileSync(at('local/secrets.json'), '{"webhooks/paddle": {"signingSecrets": ["mine"]}}');

    await writeSource(project, { name: 'paddle' });

    expect(read('webex-events.yaml')).toMatch(/^# mine\nown:\n {2}event-id: evt_1\n/);
    expect(JSON.parse(read('local/secrets.json'))).toEqual({
      'webhooks/paddle': { signingSecrets: ['mine'] },
    });
  });

  test.each([
    [{ name: 'Bad Name' }, 'is no name of a source'],
    [{ name: '../up' }, 'is no name of a source'],
    [{ name: 'acme', verify: 'padle' }, 'There is no profile "padle"'],
    [{ name: 'there' }, 'is there already'],
  ])('refuses %j, and writes nothing', async (source, reason) => {
    mkdirSync(at('mappings/there'), { recursive: true });

    expect(await writeSource(project, source)).toEqual({
      ok: false,
      failure: expect.stringContaining(reason),
    });
    expect(existsSync(at('webex-events.yaml'))).toBe(false);
  });
});

describe('init', () => {
  const init = (sources: string) => initProject(directory, { sources, install: false });

  test('writes a project whose mappings are right, from a skeleton too', async () => {
    const { exitCode, text } = await init('paddle,acme');

    expect([exitCode, text]).toEqual([0, expect.stringContaining('is ready.')]);
    expect(await isRight()).toBe('right');
  });

  test('names exact versions, and the Node.js that it needs', async () => {
    await init('paddle');

    const { dependencies, devDependencies, engines } = JSON.parse(read('package.json'));
    const versions = Object.values({ ...dependencies, ...devDependencies });
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(String(version)))).toEqual([]);
    expect(engines).toEqual(readManifest().engines);
  });

  test('has its app import the package', async () => {
    await init('paddle');

    expect(read('bin/app.ts')).toContain("from 'webex-campaign-webhook-adapter/stages'");
    expect(read('cdk.json')).toContain('node bin/app.ts');
  });

  test('refuses a folder that has something in it', async () => {
    writeFileSync(at('package.json'), '{}');

    expect(await init('paddle')).toEqual({ exitCode: 2, text: expect.stringContaining('is not empty') });
  });
});

describe('an old Node.js', () => {
  test.each([
    ['18.20.0', 'Node.js 22.18 or newer is needed; this is 18.20.0.'],
    ['22.17.1', 'Node.js 22.18 or newer is needed; this is 22.17.1.'],
    ['22.18.0', undefined],
    ['24.0.0', undefined],
  ])('%s is told: %s', (version, sentence) => {
    expect(explainOldNode(version)).toBe(sentence);
  });

  test('is what package.json refuses, too', () => {
    expect(readManifest().engines.node).toBe('>=22.18.0');
  });
});

test('adapter --version is that of package.json', () => {
  const printed = execFileSync(process.execPath, ['cli/adapter.ts', '--version'], { encoding: 'utf8' });

  expect(printed.trim()).toBe(readManifest().version);
});
