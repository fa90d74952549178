import { styleText } from 'node:util';
import type { Scoreboard } from './judge.ts';

/** A scoreboard for a person. Colour only where the terminal wants it. */
export function tellScoreboard(score: Scoreboard): string {
  const deadLetters = Object.values(score.deadLettered).reduce((sum, count) => sum + count, 0);
  return [
    styleText('bold', `Rehearsal with seed ${score.seed}, script ${score.script}`),
    tellCount('sent', score.webhooks, `webhooks, in ${score.requests} requests`),
    tellCount('events', score.events, 'that these webhooks tell of'),
    tellCount('delivered', score.delivered, `the latest after ${score.longestDelaySeconds} s`),
    tellBad('lost', score.lost),
    tellBad('duplicated', score.duplicated),
    tellCount('repeated', score.repeated, 'times, as "on-unconfirmed: retry" has it'),
    tellBad('sent though parked', score.sentThoughParked),
    tellCount('dead-lettered', deadLetters),
    ...tellCodes(score.deadLettered),
    tellCount('expired', score.expired),
    tellCount('skipped', score.skipped, 'since "when" was not met'),
    tellCount('ignored', score.ignored, 'since no mapping wants their type'),
    tellBad('still waiting', score.waiting),
    tellCount(
      'refused',
      Object.values(score.refusedAtTheDoor).reduce((sum, count) => sum + count, 0),
      'requests at the door',
    ),
    ...tellCodes(score.refusedAtTheDoor),
    tellCount('collateral', score.collateral, 'unconfirmed for a crash or an outage'),
    ...tellNotRehearsed(score.notRehearsed),
    ...score.wrong.slice(0, 20).map((sentence) => styleText('red', `  ${sentence}`)),
    ...(score.wrong.length > 20 ? [`  … and ${score.wrong.length - 20} more`] : []),
    score.ok
      ? styleText('green', `All is accounted for, in ${score.seconds} s.`)
      : styleText('red', `Not all is as it should be. It took ${score.seconds} s.`),
  ].join('\n');
}

function tellNotRehearsed(sentences: readonly string[]): readonly string[] {
  if (sentences.length === 0) return [];
  return [
    styleText('yellow', tellCount('NOT REHEARSED', sentences.length)),
    ...sentences.map((sentence) => styleText('yellow', `    ${sentence}`)),
  ];
}

function tellCount(name: string, count: number, rest = ''): string {
  return `  ${name.padEnd(20)}${String(count).padStart(6)}  ${styleText('dim', rest)}`.trimEnd();
}

function tellBad(name: string, count: number): string {
  return styleText(count === 0 ? 'green' : 'red', tellCount(name, count));
}

function tellCodes(counts: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(counts).map(
    ([code, count]) => `${' '.repeat(24)}${String(count).padStart(6)}  ${code}`,
  );
}
