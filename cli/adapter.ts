#!/usr/bin/env node
import { Command } from 'commander';
import { explainOldNode, IN_REPOSITORY, PROGRAM } from '../lib/config/invocation.ts';
import { registerDeadLetters } from './dead-letters/register-dead-letters.ts';
import { registerMappings } from './mappings/register-mappings.ts';
import { registerSecrets } from './secrets/register-secrets.ts';
import { registerStacks } from './stacks/adopt.ts';
import { registerStories } from './stories/register-stories.ts';
import { registerWebhooks } from './webhooks/register-webhooks.ts';

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
// It synthesizes the stages of this repository.
if (IN_REPOSITORY) (await import('./stacks/cost.ts')).registerCost(program);

await program.parseAsync();
