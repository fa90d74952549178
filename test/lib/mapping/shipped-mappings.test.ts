import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { formatProblems } from '../../../lib/config/file.ts';
import { checkStageMappings, foldersOf, isError, readExamples } from '../../../lib/mapping/folders.ts';
import { readStages, stagesWithPlaceholders } from '../../../lib/stages/stages.ts';
import { stackNameOf, synthesizeWith } from '../../../lib/stages/synthesize.ts';

// What lies in `mappings/` and `stages.yaml` is whoever's who has this repository: nothing here names a source or a stage.
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const read = readStages(join(ROOT, 'stages.yaml'));
const stages = read.ok ? read.value : {};
const folderOf = (stage: string) => join(ROOT, stages[stage]?.mappings ?? 'mappings');
const { problems, mappingsOf } = await checkStageMappings(Object.keys(stages), folderOf, {
  contractFile: join(ROOT, 'webex-events.yaml'),
  today: new Date(),
  placeholders: stagesWithPlaceholders(stages),
});

const examples = [...new Set(Object.keys(stages).map(folderOf))].flatMap((mappings) =>
  foldersOf(mappings).flatMap((folder) => readExamples(join(mappings, folder), folder).examples),
);

// Every file of every folder `examples` is a test of its own: adding one needs no change here, and there may be none.
for (const { name, file: shown } of examples) {
  test(`the example ${name} becomes what it expects`, () => {
    expect(formatProblems(problems.filter(({ file }) => file === shown))).toBe('');
  });
}

describe('the stages and their mapping folders', () => {
  test('have no problem that keeps them from being deployed', () => {
    expect(read.ok ? '' : formatProblems(read.failure)).toBe('');
    expect(formatProblems(problems.filter(isError))).toBe('');
  });

  test('become stacks, with a webhook URL for each source', async () => {
    const assembly = await synthesizeWith({ local: 'true' });
    if (!assembly.ok) throw new Error(assembly.failure);
    const { directory, remove } = assembly.value;
    const outputsOf = (stage: string): object =>
      JSON.parse(readFileSync(join(directory, `${stackNameOf(stage)}.template.json`), 'utf8')).Outputs;

    expect(Object.keys(stages)).not.toEqual([]);
    for (const stage of Object.keys(stages)) {
      const wanted = mappingsOf(stage).map(
        ({ source }) => `WebhookUrl${source.replaceAll(/[^a-z0-9]/gi, '')}`,
      );
      expect(Object.keys(outputsOf(stage))).toEqual(expect.arrayContaining(wanted));
    }
    await remove();
  });
});
