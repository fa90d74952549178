import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatAnnotation, validate } from '../../../cli/mappings/validate.ts';

const environment = { ...process.env };
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'validate-'));
  mkdirSync(join(directory, 'mappings', 'shop'), { recursive: true });
  process.env.GITHUB_WORKSPACE = directory;
  process.env.GITHUB_STEP_SUMMARY = join(directory, 'summary.md');
});
afterEach(() => {
  process.env = { ...environment };
  rmSync(directory, { recursive: true });
});

const HEAD = 'source: shop\nverify: shopify\nsecret: webhooks/shop\nevents:\n';

function check(events: string) {
  writeFileSync(join(directory, 'mappings', 'shop', 'mapping.yaml'), HEAD + events);
  const project = { mappings: join(directory, 'mappings'), stagesFile: join(directory, 'stages.yaml') };
  return validate(project, { format: 'github' });
}

const summary = () => readFileSync(join(directory, 'summary.md'), 'utf8');

describe('validate --format github', () => {
  test('annotates each problem at its line, from the root of the repository, and writes the summary', async () => {
    const { text, exitCode } = await check(
      '  - { name: paid, on: paid, evnt-id: a|b, event-key: "{% id %}" }\n',
    );

    expect(exitCode).toBe(1);
    expect(text.split('\n')).toEqual([
      '::error file=mappings/shop/mapping.yaml,line=5,col=5,title=events[0].definition::is missing. Name a definition of webex-events.yaml, or add an event-id.',
      '::error file=mappings/shop/mapping.yaml,line=5,col=29,title=events[0].evnt-id::is not a known key. Did you mean "event-id"?',
    ]);
    expect(summary()).toBe(
      [
        '## Mappings',
        '',
        '|  | file | what | problem |',
        '| --- | --- | --- | --- |',
        '| error | `mappings/shop/mapping.yaml:5` | `events[0].definition` | is missing. Name a definition of webex-events.yaml, or add an event-id. |',
        '| error | `mappings/shop/mapping.yaml:5` | `events[0].evnt-id` | is not a known key. Did you mean "event-id"? |',
        '',
      ].join('\n'),
    );
  });

  test('warns without failing, and adds to what the summary has', async () => {
    writeFileSync(join(directory, 'summary.md'), 'before\n');
    const { text, exitCode } = await check(
      '  - { name: paid, on: paid, event-id: evt_1, event-key: "{% id %}" }\n',
    );

    expect(exitCode).toBe(0);
    expect(text).toMatch(
      /^::warning file=mappings\/shop\/mapping\.yaml,line=5,col=\d+,title=events\[0\]\.name::no example/,
    );
    // A hint is a notice, as GitHub calls it.
    expect(text).toContain('\n::notice file=webex-events.yaml::is not there');
    expect(text).toMatch(/\n1 mapping folder with 1 event is in order\.$/);
    expect(summary()).toMatch(/^before\n## Mappings\n/);
  });

  test('needs no summary to write to', async () => {
    delete process.env.GITHUB_STEP_SUMMARY;

    expect(await check('nonsense\n')).toMatchObject({
      exitCode: 1,
      text: expect.stringMatching(/^::error /),
    });
  });
});

describe('an annotation', () => {
  /** As GitHub's runner reads it (actions/runner, src/Runner.Common/ActionCommand.cs). */
  function read(line: string) {
    const [, properties = '', data = ''] = /^::error (.*?)::(.*)$/.exec(line) ?? [];
    const decode = (text: string) =>
      text
        .replaceAll('%0D', '\r')
        .replaceAll('%0A', '\n')
        .replaceAll('%3A', ':')
        .replaceAll('%2C', ',')
        .replaceAll('%25', '%');
    const pairs = properties.split(',').map((pair) => pair.split('=', 2).map(decode));
    return { properties: Object.fromEntries(pairs), message: decode(data) };
  }

  test('reaches GitHub as it was meant, whatever the file and the message', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '%', '\r', '\n', ':', ',', '::', '2', '5', 'A', '0'),
      minLength: 1,
    });
    fc.assert(
      fc.property(text, text, text, (file, path, message) => {
        // The runner reads "%250A" as "%0A": a text that looks escaped is escaped first.
        const line = formatAnnotation({ file, path, message, line: 3 });

        expect(line.split('\n')).toHaveLength(1);
        expect(read(line)).toEqual({ properties: { file, line: '3', title: path }, message });
      }),
    );
  });
});
