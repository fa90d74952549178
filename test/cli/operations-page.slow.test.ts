import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type LocalRun, startLocalRun } from '../../local/run.ts';
import { SIX_SECRETS, SIX_SOURCES } from '../fixtures/six-sources.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

/** The commands of the page, without what is said about them. */
const COMMANDS = [...PAGE.matchAll(/```sh\n(.*?)```/gs)]
  .flatMap(([, block = '']) => block.trim().split('\n'))
  .map((line) => line.replace(/\s+#.*$/, ''));

/** What needs AWS, and changes what is there: `npm run test:deploy` runs the first of them. */
const ELSEWHERE = [
  'npm ci',
  'npx cdk diff webhook-adapter-dev',
  'npx cdk deploy webhook-adapter-dev',
  'git checkout <tag or commit>',
  'npx cdk destroy webhook-adapter-dev',
  'npm run -s adapter -- status',
  'aws secretsmanager describe-secret --secret-id webhook-adapter-dev/webex-campaign --query KmsKeyId --output text',
  ...['buffer', 'dead-letter'].map(
    (queue) =>
      `aws sqs delete-queue --queue-url "$(aws sqs get-queue-url --queue-name webhook-adapter-dev-${queue} --query QueueUrl --output text)"`,
  ),
  'aws dynamodb delete-table --table-name webhook-adapter-dev-ledger',
  'aws secretsmanager list-secrets --filters Key=name,Values=webhook-adapter-dev/ --query SecretList[].Name --output text',
  'aws secretsmanager delete-secret --force-delete-without-recovery --secret-id <name>',
  'aws kms schedule-key-deletion --key-id <KmsKeyId> --pending-window-in-days 30',
];

/** What is run here: on the local run in the place of a stack on AWS. */
const OURS = COMMANDS.filter(
  (command) => command.startsWith('npm run -s adapter -- ') && !ELSEWHERE.includes(command),
);

/** What a command ends with on a run that has just begun: what is refused there, and otherwise 0. */
const REFUSED: readonly (readonly [RegExp, RegExp])[] = [
  [/ --finish/, /Nothing shows yet that the new .*\nNothing was changed/],
];

/** What is typed where a value is asked for. */
const TYPED: readonly (readonly [RegExp, string])[] = [
  [/secrets set github/, 'github_page\n'],
  [/secrets rotate stripe/, 'whsec_page\n'],
  [/secrets rotate webex-campaign/, 'page-key\n'],
];

let run: LocalRun;
beforeAll(async () => {
  const { 'webhooks/github': _, ...secrets } = SIX_SECRETS;
  const started = await startLocalRun({
    ...{ port: 0, speed: 10 },
    mappings: SIX_SOURCES,
    readSecrets: () => secrets,
  });
  if (!started.ok) throw new Error(started.failure);
  run = started.value;
}, 240_000);
afterAll(() => run.stop());

function perform(command: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const args = command
    .replace('npm run -s adapter -- ', '')
    .replace(' --stack webhook-adapter-dev', '')
    .split(' ');
  const yes = args.includes('--finish') ? ['--yes'] : [];
  const env = { ...process.env, PORT: new URL(run.stack.url).port, MAPPINGS_FOLDER: SIX_SOURCES };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['cli/adapter.ts', ...args, ...yes],
      { cwd: ROOT, env },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
    child.stdin?.end(TYPED.find(([pattern]) => pattern.test(command))?.[1] ?? '');
    // It goes on until Ctrl-C.
    if (args[0] === 'tail') setTimeout(() => child.kill('SIGINT'), 3_000);
  });
}

/** In the order of what they need: the page begins with a look at all secrets, when one of them is not set yet. */
const INITIALLY_UNSET = 'npm run -s adapter -- secrets status --stack webhook-adapter-dev';

describe('docs/operations.md', () => {
  test('has no command but those that are run here, and those that need AWS', () => {
    expect(COMMANDS.filter((command) => !OURS.includes(command) && !ELSEWHERE.includes(command))).toEqual([]);
    expect(ELSEWHERE.filter((command) => !COMMANDS.includes(command))).toEqual([]);
    expect(OURS.length).toBeGreaterThan(10);
  });

  test.each([...new Set(OURS)])('%s', async (command) => {
    const { code, stdout, stderr } = await perform(command);
    const refusal = REFUSED.find(([pattern]) => pattern.test(command))?.[1];
    if (refusal !== undefined) expect([code, stderr]).toEqual([2, expect.stringMatching(refusal)]);
    else if (command === INITIALLY_UNSET)
      expect([code, stdout]).toEqual([1, expect.stringContaining('github: not set yet')]);
    else expect([code, stderr.replace(/^\d+ dead letters read.*$/gm, '')]).toEqual([0, '']);
  });
});
