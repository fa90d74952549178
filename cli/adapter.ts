#!/usr/bin/env node
import { Command } from 'commander';
import { explainOldNode, IN_REPOSITORY, PROGRAM } from '../lib/config/invocation.ts';
import { print } from '../lib/config/print.ts';
import { withErrorsInOneLine } from './command-line.ts';
import { registerDrop, registerList } from './dead-letters/list.ts';
import { registerReplay } from './dead-letters/replay.ts';
import { registerShow } from './dead-letters/show.ts';
import { registerDiff } from './mappings/diff.ts';
import { registerEvents } from './mappings/events.ts';
import { registerExplainMapping } from './mappings/explain-mapping.ts';
import { registerMap } from './mappings/map.ts';
import { registerValidate } from './mappings/validate.ts';
import { registerRotate, registerStatus } from './secrets/rotate.ts';
import { registerSet } from './secrets/set.ts';
import { registerAdopt } from './stacks/adopt.ts';
import { registerCheck } from './stacks/check.ts';
import { registerStageStatus } from './stacks/status.ts';
import { registerDoctor } from './webhooks/doctor.ts';
import { registerExplain } from './webhooks/explain.ts';
import { registerReport } from './webhooks/report.ts';
import { registerSend } from './webhooks/send.ts';
import { registerTail } from './webhooks/tail.ts';

const old = explainOldNode();
if (old !== undefined) {
  print(old, process.stderr);
  process.exit(2);
}

const program = withErrorsInOneLine(new Command(PROGRAM.name))
  .description(PROGRAM.description)
  .addHelpText(
    'after',
    '\nMappings are read from the folder "mappings", or from the one that MAPPINGS_FOLDER names.',
  );

// The help lists the commands in this order.
registerSend(program);
registerDoctor(program);
registerCheck(program);

registerMap(program);
registerExplainMapping(program);
registerValidate(program);
registerEvents(program);
registerDiff(program);

const deadLetters = program.command('dead-letter').description('what could not be delivered');
registerList(deadLetters);
registerShow(deadLetters);
registerReplay(deadLetters);
registerDrop(deadLetters);

registerExplain(program);
registerTail(program);
registerReport(program);
registerStageStatus(program);
registerAdopt(program);

// None of these takes a value as an argument, or shows one.
const secrets = program.command('secrets').description('signing secrets of the sources, and the API keys');
registerSet(secrets);
registerRotate(secrets);
registerStatus(secrets);

// It synthesizes the stages of this repository.
if (IN_REPOSITORY) (await import('./stacks/cost.ts')).registerCost(program);

await program.parseAsync();
