#!/usr/bin/env node
import { Command } from 'commander';
import { PROGRAM } from '../lib/invocation.ts';
import { explainOldNode } from '../lib/node-version.ts';
import { registerCost } from './register-cost.ts';
import { registerDeadLetters } from './register-dead-letters.ts';
import { registerMappings } from './register-mappings.ts';
import { registerSecrets } from './register-secrets.ts';
import { registerStacks } from './register-stacks.ts';
import { registerStories } from './register-stories.ts';
import { registerWebhooks } from './register-webhooks.ts';

const old = explainOldNode();
if (old !== undefined) {
  process.stderr.write(`${old}\n`);
  process.exit(2);
}

const program = new Command(PROGRAM.name)
  .description(PROGRAM.description)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .showHelpAfterError()
  .addHelpText(
    'after',
    '\nMappings are read from the folder "mappings", or from the one that MAPPINGS_FOLDER names.',
  );

registerWebhooks(program);
registerMappings(program);
registerDeadLetters(program);
registerStories(program);
registerStacks(program);
registerSecrets(program);
registerCost(program);

await program.parseAsync();
