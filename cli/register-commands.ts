import { Command } from 'commander';
import { PROGRAM, readManifest } from '../lib/config/terminal.ts';
import { withErrorsInOneLine } from './command-line.ts';
import { registerDrop, registerList } from './dead-letters/list.ts';
import { registerReplay } from './dead-letters/replay.ts';
import { registerShow } from './dead-letters/show.ts';
import { registerDiff } from './mappings/diff.ts';
import { registerEvents } from './mappings/events.ts';
import { registerExplainMapping } from './mappings/explain-mapping.ts';
import { registerMap } from './mappings/map.ts';
import { registerTest, registerValidate } from './mappings/validate.ts';
import { registerAddSource } from './project/add-source.ts';
import { registerInit } from './project/init.ts';
import { registerRotate, registerStatus } from './secrets/rotate.ts';
import { registerSet } from './secrets/set.ts';
import { registerAdopt } from './stacks/adopt.ts';
import { registerCheck } from './stacks/check.ts';
import { registerCost } from './stacks/cost.ts';
import { registerPause } from './stacks/pause.ts';
import { registerStageStatus } from './stacks/status.ts';
import { registerDoctor } from './webhooks/doctor.ts';
import { registerErase } from './webhooks/erase.ts';
import { registerExplain } from './webhooks/explain.ts';
import { registerReport } from './webhooks/report.ts';
import { registerSend } from './webhooks/send.ts';
import { registerTail } from './webhooks/tail.ts';

const program = withErrorsInOneLine(new Command(PROGRAM))
  .description('Looks after a webhook adapter: the one that "npm start" runs, or a stack on AWS (--stack).')
  .version(readManifest().version)
  .addHelpText(
    'after',
    '\nMappings are read from the folder "mappings", or from the one that MAPPINGS_FOLDER names.',
  );

// The help lists the commands in this order. These two are programs of their own.
program.command('start', 'run the stack on this machine', { executableFile: '../local/start' });
program.command('rehearse', 'rehearse faults on the whole local stack', {
  executableFile: '../rehearsal/rehearse',
});

registerInit(program);
registerAddSource(program);
registerSend(program);
registerDoctor(program);
registerCheck(program);

registerMap(program);
registerExplainMapping(program);
registerValidate(program);
registerTest(program);
registerEvents(program);
registerDiff(program);

const deadLetters = program.command('dead-letter').description('what could not be delivered');
registerList(deadLetters);
registerShow(deadLetters);
registerReplay(deadLetters);
registerDrop(deadLetters);

registerExplain(program);
registerErase(program);
registerPause(program);
registerTail(program);
registerReport(program);
registerStageStatus(program);
registerAdopt(program);

// None of these takes a value as an argument, or shows one.
const secrets = program.command('secrets').description('signing secrets of the sources, and the API keys');
registerSet(secrets);
registerRotate(secrets);
registerStatus(secrets);

registerCost(program);

await program.parseAsync();
