import { readFileSync } from 'node:fs';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The README's chapter about deploying, whose commands the suite takes from there: what is written is what is proved. */
const CHAPTER = /^## Deploy to AWS$([\s\S]*?)^## /m.exec(README)?.[1] ?? '';

/** Not `npm ci`: whoever runs the suite has run it, and the clone shares the packages. */
const COMMAND = /^(npx|npm run|aws) /;

const COMMANDS: readonly string[] = [
  ...[...CHAPTER.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.split('\n')),
  ...[...CHAPTER.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code),
]
  .map((line) => line.trim())
  .filter((line) => COMMAND.test(line));

const unused = new Set(COMMANDS);

/** The one command of the chapter that begins so, with its placeholders filled in. Throws if the chapter has no such. */
export function commandOf(beginning: string, placeholders: Readonly<Record<string, string>> = {}): string {
  const [command, ...more] = COMMANDS.filter((line) => line.startsWith(beginning));
  if (command === undefined || more.length > 0) {
    throw new Error(`The README's deploy chapter should have exactly one command "${beginning} …".`);
  }
  unused.delete(command);
  const filled = Object.entries(placeholders).reduce(
    (text, [name, value]) => text.replaceAll(name, value),
    command,
  );
  const left = /<[^>]+>/.exec(filled)?.[0];
  if (left !== undefined) throw new Error(`Nothing says what ${left} stands for in "${command}".`);
  return filled;
}

/** Commands of the chapter that no step has run yet. */
export function unusedCommands(): readonly string[] {
  return [...unused];
}

/** The settings that the chapter has its reader put into stages.yaml. The sources of the tests have placeholder ids. */
export function stageOf(eventUrl: string): string {
  const yaml = /```yaml\n([\s\S]*?)```/.exec(CHAPTER)?.[1] ?? '';
  return `${yaml.replace(/^ {3}/gm, '').replace(/https:\/\/<tenant>\S+/, eventUrl)}  placeholders: allowed\n`;
}
