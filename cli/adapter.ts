import { Command } from 'commander';
import { registerCost } from './register-cost.ts';
import { registerDeadLetters } from './register-dead-letters.ts';
import { registerMappings } from './register-mappings.ts';
import { registerSecrets } from './register-secrets.ts';
import { registerStories } from './register-stories.ts';
import { registerWebhooks } from './register-webhooks.ts';

const program = new Command('adapter')
  .description('Looks after a webhook adapter: the one that "npm start" runs, or a stack on AWS (--stack).')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .showHelpAfterError();

registerWebhooks(program);
registerMappings(program);
registerDeadLetters(program);
registerStories(program);
registerSecrets(program);
registerCost(program);

await program.parseAsync();
