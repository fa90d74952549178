import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { type CustomerKind, findCustomer, readCustomer } from '../../answers/customer.ts';
import { type ErasureReceipt, eraseCustomer, planErasure } from '../../answers/erase.ts';
import {
  type AccountChoice,
  openAccount,
  PROJECT,
  type Project,
  projectOf,
  readMappings,
} from '../../answers/project.ts';
import { joinLines } from '../../lib/config/terminal.ts';
import { type CommandResult, example, formatCount, refuse, run, withAccount } from '../command-line.ts';
import { withCustomer } from './explain.ts';

type EraseOptions = AccountChoice & {
  readonly customer?: string | undefined;
  readonly kind?: CustomerKind | undefined;
  readonly yes?: boolean | undefined;
  readonly by?: string | undefined;
  readonly json?: boolean | undefined;
};

export function registerErase(program: Command): void {
  const command = program
    .command('erase')
    .description('erase what is kept of a customer; without --yes it only says what that is')
    .option('--yes', 'do it')
    .option('--by <name>', 'who does it (default: your user name)');
  withAccount(withCustomer(command))
    .addHelpText(
      'after',
      example('erase --customer ann@example.com', 'erase --customer ann@example.com --yes'),
    )
    .action((options) => run(() => erase(projectOf(PROJECT, options), options)));
}

/** `adapter erase`: what is kept of a customer, and with `--yes` none of it any more. */
export async function erase(project: Project, options: EraseOptions): Promise<CommandResult> {
  const { customer, kind, by = userInfo().username } = options;
  if (customer === undefined) return refuse('Give --customer: her address, number or id.');
  const account = await openAccount(options);
  if (!account.ok) return refuse(account.failure);
  const mappings = readMappings(project);
  const keys = await readCustomer({ key: customer, kind }, mappings.ok ? mappings.value : []);
  if (!keys.ok) return refuse(keys.failure);
  const facts = await findCustomer(account.value, project, keys.value);
  if (!facts.ok) return refuse(facts.failure);
  const at = account.value.clock.now();
  const receipt =
    options.yes === true
      ? await eraseCustomer(account.value, project, { facts: facts.value, by })
      : planErasure(facts.value, { at, by });
  const text = options.json === true ? JSON.stringify(receipt, null, 2) : formatReceipt(receipt);
  return { text, exitCode: isWhole(receipt) ? 0 : 1 };
}

/** Whether nothing of hers is left that a later erasure could erase. */
function isWhole({ beingSent, sharedDeadLetters, unreadDeadLetters, waiting }: ErasureReceipt): boolean {
  const open = beingSent + sharedDeadLetters.length + unreadDeadLetters.length + (waiting?.left ?? 0);
  return open === 0;
}

function formatReceipt(receipt: ErasureReceipt): string {
  const { at, by, isDone, events, deadLetters, waiting } = receipt;
  const title = isDone
    ? `Erased on ${at.toISOString()} by ${by}:`
    : 'This would be erased (a dry run; --yes does it):';
  const waited =
    waiting === undefined
      ? 'webhooks of hers that wait on the buffer, as far as there are any'
      : `${formatCount(waiting.erased, 'webhook')} that waited on the buffer`;
  return joinLines([
    title,
    `  ${formatCount(events, 'event')} of the ledger: whom it was for, what was sent, what was answered`,
    `  ${formatCount(deadLetters.length, 'dead letter')}${deadLetters.length === 0 ? '' : `: ${deadLetters.join(', ')}`}`,
    `  ${waited}`,
    ...formatLeft(receipt),
    'What stays, and for how long:',
    "  the vendor's id, the end and the time of each event, for 30 days at most: they keep the vendor's repetitions from messaging her",
    '  log lines, for a month: they have ids, and nothing of hers',
    '  backups of the ledger (point-in-time recovery), for 35 days: after a restore, erase again',
    '  what the vendor and Webex Campaign have: ask them',
  ]);
}

function formatLeft({ beingSent, sharedDeadLetters, unreadDeadLetters, waiting }: ErasureReceipt): string[] {
  const lines = [
    ...(beingSent > 0
      ? [`  ${formatCount(beingSent, 'event')} that a worker has now. Erase again in a minute`]
      : []),
    ...(sharedDeadLetters.length > 0
      ? [
          `  dead letters of a batch with other people in it: ${sharedDeadLetters.join(', ')}. Replay or drop them, then erase again`,
        ]
      : []),
    ...(unreadDeadLetters.length > 0
      ? [
          `  dead letters that the mapping cannot map now, so that nobody can tell whose they are: ${unreadDeadLetters.join(', ')}`,
        ]
      : []),
    ...(waiting !== undefined && waiting.left > 0
      ? [
          `  ${formatCount(waiting.left, 'webhook')} on the buffer: of a batch with other people in it, or not to be mapped. Erase again once delivered`,
        ]
      : []),
  ];
  return lines.length === 0 ? [] : ['Not erased:', ...lines];
}
