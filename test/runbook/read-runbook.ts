import { readFileSync } from 'node:fs';

const TEXT = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');

/** What to do about one alarm. */
export type RunbookSection = {
  readonly name: string;
  /** The stage under whose heading it stands. */
  readonly stage: string;
  readonly urgency: string;
  /** The words in bold that its paragraphs begin with. */
  readonly parts: readonly string[];
  readonly commands: readonly string[];
};

function commandsIn(text: string): readonly string[] {
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));
}

/** What is to be pasted before anything else, and what the runbook has besides its sections. */
export function readPreamble(): {
  readonly exports: readonly string[];
  readonly commands: readonly string[];
} {
  const commands = commandsIn(TEXT.split(/^## ingest$/m)[0] ?? '');
  return {
    exports: commands.filter((line) => line.startsWith('export ')),
    commands: commands.filter((line) => !line.startsWith('export ')),
  };
}

/** Every section about an alarm, in the order of the file. */
export function readSections(): readonly RunbookSection[] {
  return TEXT.split(/^## /m)
    .slice(1)
    .flatMap((stageText) => {
      const [stage = '', ...sections] = stageText.split(/^### /m);
      return sections.map((text) => ({
        name: text.split('\n')[0] ?? '',
        stage: stage.split('\n')[0] ?? '',
        urgency: /^\*(page|tomorrow)\*$/m.exec(text)?.[1] ?? '',
        parts: [...text.matchAll(/^\*\*(\w+)\.\*\* /gm)].map(([, part = '']) => part),
        commands: commandsIn(text),
      }));
    });
}

/** The part of a command that is of this repository, or of the AWS CLI. */
export function isAdapterCommand(command: string): boolean {
  return command.startsWith('npm run -s adapter -- ');
}
