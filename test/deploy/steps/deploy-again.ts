import { commandOf, unusedCommands } from '../deploy-chapter.ts';
import { type Step, until } from '../step.ts';
import { SECRETS } from '../webhooks.ts';
import { run, STACK, type Workshop } from '../workshop.ts';
import { deploy } from './deploy-stack.ts';

/** The stage once more, after the stack was destroyed and its data has stayed. */
export function deployAgainSteps(workshop: Workshop): readonly Step[] {
  return [
    {
      title: 'Deploy the stage again, with what has stayed',
      run: async ({ tell, prove }) => {
        for (const beginning of ['npx cdk synth', 'npm run -s adapter -- adopt', 'npx cdk import']) {
          const command = commandOf(beginning);
          tell(`$ ${command}`);
          await run(workshop, command);
        }
        await deploy(workshop, tell);
        const secret = await run(
          workshop,
          `aws secretsmanager get-secret-value --secret-id ${STACK}/webhooks/stripe --output json`,
        );
        prove('the secrets are as they were', secret.includes(SECRETS.stripe));
        const entries = await run(workshop, `aws dynamodb scan --table-name ${STACK}-ledger --select COUNT`);
        prove('the ledger still knows every event', !/"Count": 0\b/.test(entries), entries);
        const functions = await until('the functions', 30, async () => {
          const names = await run(
            workshop,
            'aws lambda list-functions --query "Functions[].FunctionName" --output text',
          );
          return names.includes('Deliver') && names.includes('Ingest') ? names : undefined;
        });
        prove('the functions are there again', functions !== '');
        prove(
          "every command of the README's deploy chapter has been run",
          unusedCommands().length === 0,
          unusedCommands(),
        );
      },
    },
  ];
}
