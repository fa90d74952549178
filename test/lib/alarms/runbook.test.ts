import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { Duration } from 'aws-cdk-lib';
import { readSourceFiles } from '../../architecture/source-files.ts';
import { isAdapterCommand, readPreamble, readSections } from '../../runbook/read-runbook.ts';
import { alarmsOf, sectionOf, synthesizeAlarms, urgencyOf } from './alarm-template.ts';
import { writtenLines } from './log-lines.ts';

const sections = readSections();
const alarms = alarmsOf(synthesizeAlarms({ silentAfter: { stripe: Duration.hours(2) } }));
const RUNBOOK = fileURLToPath(new URL('../../../docs/runbook.md', import.meta.url));

/** Fields that API Gateway's access log and Lambda itself write, beside ours. */
const OF_AWS = ['status', 'type', 'record', 'level'];

const patterns = sections
  .flatMap(({ commands }) => commands)
  .flatMap((command) => /--filter-pattern '([^']+)'/.exec(command)?.[1] ?? []);

describe('a filter of the runbook, which the emulator takes for a match whatever it says,', () => {
  test('looks for fields that the functions write', async () => {
    const written = new Set([...(await writtenLines()).flatMap(Object.keys), ...OF_AWS]);
    const fields = patterns.flatMap((pattern) =>
      [...pattern.matchAll(/\$\.(\w+)/g)].map(([, name = '']) => name),
    );

    expect(fields.filter((field) => !written.has(field))).toEqual([]);
    expect(fields.length).toBeGreaterThan(20);
  });

  test('looks for codes that there are', () => {
    const literals = readSourceFiles('lambdas').flatMap(({ text }) => [
      ...text.matchAll(/'([a-z]+(?:-[a-z]+)*)'/g),
    ]);
    const known = literals.map(([, literal = '']) => literal);
    const codes = patterns.flatMap((pattern) =>
      [...pattern.matchAll(/\$\.(?:code|outcome|keyUsed) !?= "([^"]+)"/g)].map(([, code = '']) => code),
    );
    const isKnown = (code: string) =>
      code.endsWith('*') ? known.some((one) => one.startsWith(code.slice(0, -1))) : known.includes(code);

    expect(codes.filter((code) => !isKnown(code))).toEqual([]);
    expect(codes.length).toBeGreaterThan(20);
  });

  test('is one that CloudWatch can read: conditions in braces, joined by one sign or in brackets', () => {
    const condition = /\$(\.\w+)+ (!?=|>) ("[\w.*-]+"|\d+)/.source;
    const chain = (sign: string) => `${condition}( ${sign} ${condition})*`;
    const bracketed = `\\((${chain('&&')})\\)`;
    const form = new RegExp(
      `^\\{ (${chain('\\|\\|')}|${chain('&&')}|${bracketed}( \\|\\| ${bracketed})*) \\}$`,
    );

    expect(patterns.filter((pattern) => !form.test(pattern))).toEqual([]);
  });
});

describe('the runbook', () => {
  test('has one section for each alarm, and none without one', () => {
    const names = sections.map(({ name }) => name);

    expect([...names].sort()).toEqual([...new Set(alarms.map(sectionOf))].sort());
  });

  test('says whom each alarm reaches, as the alarm itself does', () => {
    const wrong = alarms.filter(
      (alarm) => sections.find(({ name }) => name === sectionOf(alarm))?.urgency !== urgencyOf(alarm),
    );

    expect(wrong.map(({ AlarmName }) => AlarmName)).toEqual([]);
  });

  test('has the sections under the stages, in their order', () => {
    expect([...new Set(sections.map(({ stage }) => stage))]).toEqual([
      'ingest',
      'buffer',
      'deliver',
      'dead-letter',
    ]);
  });

  test('says what each alarm means, where to look and what to do, with the commands', () => {
    for (const { name, parts, commands } of sections) {
      expect([name, parts]).toEqual([name, ['Meaning', 'Look', 'Fix']]);
      expect([name, commands.length > 0]).toEqual([name, true]);
    }
  });

  test('has no command but those of this repository and of the AWS CLI', () => {
    const commands = [...readPreamble().commands, ...sections.flatMap((section) => section.commands)];

    expect(commands.filter((command) => !isAdapterCommand(command) && !command.startsWith('aws '))).toEqual(
      [],
    );
  });

  test('has no link to a page or section that is missing', () => {
    const links = [...readFileSync(RUNBOOK, 'utf8').matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link);
    const anchors = links.filter((link) => link.startsWith('#')).map((link) => link.slice(1));
    const files = links.filter((link) => !/^(#|https:)/.test(link)).map((link) => link.split('#')[0] ?? '');

    expect(anchors.filter((anchor) => !sections.some(({ name }) => name === anchor))).toEqual([]);
    expect(files.filter((file) => !existsSync(new URL(`../../../docs/${file}`, import.meta.url)))).toEqual(
      [],
    );
    expect([anchors.length > 0, files.length > 0]).toEqual([true, true]);
  });
});
