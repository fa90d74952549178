import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { Duration } from 'aws-cdk-lib';
import { isAdapterCommand, readPreamble, readSections } from '../../runbook/read-runbook.ts';
import { alarmsOf, sectionOf, synthesizeAlarms, urgencyOf } from './alarm-template.ts';

const sections = readSections();
const alarms = alarmsOf(synthesizeAlarms({ silentAfter: { stripe: Duration.hours(2) } }));
const RUNBOOK = fileURLToPath(new URL('../../../docs/runbook.md', import.meta.url));

describe('the runbook', () => {
  test('has one section for each alarm, and none without one', () => {
    const names = sections.map(({ name }) => name);

    expect([...names].sort()).toEqual([...new Set(alarms.map(sectionOf))].sort());
  });

  test('says of each alarm whom it reaches, as the alarm itself does', () => {
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

  test('tells of each what it means, where to look and what to do, with the commands', () => {
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

  test('leads nowhere that is not there', () => {
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
