import { resolve } from 'node:path';
import type { Command } from 'commander';
import { adopt } from './adopt.ts';
import { example, run } from './command-line.ts';

/** Where `cdk synth` writes, in the project that the command is given in. */
const ASSEMBLY = resolve('cdk.out');

/** The commands about stacks on AWS. */
export function registerStacks(program: Command): void {
  program
    .command('adopt')
    .description('find what a destroyed stack has left, for "cdk import --resource-mapping"')
    .requiredOption('--stack <name>', 'the stack that is to be made again')
    .addHelpText('after', example('adopt --stack webhook-adapter-dev > adopt.json'))
    .action((options) => run(() => adopt(ASSEMBLY, options)));
}
