import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { validate } from '../../../cli/mappings/validate.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'base-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Writes a mapping folder with these events, each as `name` or `name formerly old`. */
function write(mappings: string, source: string, events: readonly string[], more = ''): void {
  const lines = events.map((event) => {
    const [name, , former] = event.split(' ');
    const formerly = former === undefined ? '' : `formerly: [${former}], `;
    return `  - { name: ${name}, ${formerly}on: "${name}", event-id: evt_1, event-key: "{% id %}" }\n`;
  });
  const folder = join(directory, mappings, source);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const head = `source: ${source}\nverify: shopify\nsecret: webhooks/shop\n`;
  writeFileSync(join(folder, 'mapping.yaml'), `${head}${more}events:\n${lines.join('')}`);
}

const project = () => ({ mappings: join(directory, 'mappings'), stagesFile: join(directory, 'stages.yaml') });

async function warnings(base: string): Promise<readonly string[]> {
  const { text } = await validate(project(), { json: true, base });
  const problems: { severity: string; path: string; message: string }[] = JSON.parse(text);
  return problems
    .filter(({ message }) => message.includes(' is gone here'))
    .map(({ severity, path, message }) => `${severity} ${path} ${message.slice(0, message.indexOf(','))}`);
}

describe('validate --base', () => {
  test('warns of each event and source that is gone without "formerly", and of nothing else', async () => {
    write('before', 'shop', ['paid', 'sent', 'kept', 'dropped']);
    write('before', 'store', ['paid']);
    write('before', 'gone', ['paid']);
    write('mappings', 'shop', ['received formerly paid', 'posted', 'kept']);
    write('mappings', 'boutique', ['paid'], 'formerly: [store]\n');
    const base = join(directory, 'before');

    expect(await warnings(base)).toEqual([
      `warning  "gone" is a source in ${base}`,
      `warning events "sent" is an event in ${base}`,
      `warning events "dropped" is an event in ${base}`,
    ]);
    expect(await validate(project(), { base })).toMatchObject({
      exitCode: 0,
      text: expect.stringContaining('add "formerly: [sent]" to it'),
    });
  });

  test('looks up the folders at a git ref', async () => {
    const git = (...words: string[]) => execFileSync('git', ['-C', directory, ...words], { stdio: 'ignore' });
    git('init');
    write('mappings', 'shop', ['paid', 'kept']);
    git('add', '.');
    git('-c', 'user.name=ann', '-c', 'user.email=ann@example.com', 'commit', '-m', 'Add a mapping');
    write('mappings', 'shop', ['kept']);

    expect(await warnings('HEAD')).toEqual(['warning events "paid" is an event in HEAD']);
    expect(await validate(project(), { base: 'nowhere' })).toEqual({
      text: 'nowhere is neither a directory nor a git ref that is known here.',
      exitCode: 2,
    });
    expect(await validate(project(), { base: '--output=x' })).toMatchObject({ exitCode: 2 });
  });
});
