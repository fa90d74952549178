import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandOf, stageOf } from '../deploy-chapter.ts';
import { openApiProxy, startEmulator } from '../emulator.ts';
import { installPythonEnvironment } from '../python-environment.ts';
import type { Step } from '../step.ts';
import { attempt, run, STACK, type Workshop } from '../workshop.ts';

const LINT_SETTINGS = fileURLToPath(new URL('../cfn-lint.yaml', import.meta.url));
const EVERYTHING_ON = readFileSync(new URL('../../everything-on.yaml', import.meta.url), 'utf8');

/** From nothing to a deployed stack, by the commands of the README. */
export function deploySteps(workshop: Workshop): readonly Step[] {
  return [
    installPython(workshop),
    startTheEmulator(workshop),
    synthesize(workshop),
    lintTemplates(workshop),
    bootstrap(workshop),
    deployFirst(workshop),
  ];
}

function installPython(workshop: Workshop): Step {
  return {
    title: 'Install what PyPI has, into an environment of its own',
    run: async ({ report, prove }) => {
      const python = await installPythonEnvironment(workshop.signal);
      workshop.python.set(python);
      report(python.isNew ? 'installed, every file checked against its hash' : 'installed by an earlier run');
      const pinned =
        readFileSync(new URL('../requirements.txt', import.meta.url), 'utf8').match(/^\S+==\S+/gm) ?? [];
      prove(`${pinned.length} packages, each of one version: ${pinned.join(' ')}`, pinned.length > 0);
    },
  };
}

function startTheEmulator(workshop: Workshop): Step {
  const { directory, simulator } = workshop;
  return {
    title: 'Start the emulator',
    run: async ({ report }) => {
      mkdirSync(join(directory, 'home'));
      const emulator = await startEmulator(workshop.python.get().programs, join(directory, 'home'));
      workshop.emulator.set(emulator);
      report(
        `ministack answers at ${emulator.endpoint}; Webex Campaign is the simulator at ${simulator.eventUrl}`,
      );
    },
  };
}

function synthesize(workshop: Workshop): Step {
  const { project, directory, simulator } = workshop;
  return {
    title: 'Describe the stage, and synthesize it',
    run: async ({ report, prove }) => {
      project.append('stages.yaml', stageOf(simulator.eventUrl));
      await run(workshop, `npx cdk synth --quiet --output '${directory}/synthesized'`);
      const file = join(directory, 'synthesized', `${STACK}.template.json`);
      workshop.template.set(JSON.parse(readFileSync(file, 'utf8')));
      const resources = Object.values(workshop.template.get().Resources);
      report(
        `${STACK}: ${resources.length} resources of ${new Set(resources.map(({ Type }) => Type)).size} types`,
      );
      prove('no value of a secret is in the template', !JSON.stringify(resources).includes('"SecretString"'));
    },
  };
}

function lintTemplates(workshop: Workshop): Step {
  const { project, directory } = workshop;
  return {
    title: 'Hold the templates of all stages, and of one with everything on, against cfn-lint',
    run: async ({ prove }) => {
      const lint = `cfn-lint --config-file '${LINT_SETTINGS}' --format parseable`;
      project.append('stages.yaml', EVERYTHING_ON);
      await run(workshop, `npx cdk synth --quiet --output '${directory}/everything'`);
      project.replace('stages.yaml', EVERYTHING_ON, '');
      for (const templates of ['synthesized', 'everything']) {
        const { exitCode, stdout, stderr } = await attempt(
          workshop,
          `${lint} '${directory}'/${templates}/*.template.json`,
        );
        prove(
          `${templates}: no finding but those that test/deploy/cfn-lint.yaml gives a reason for`,
          exitCode === 0,
          stdout + stderr,
        );
      }
      const bad = join(directory, 'bad.json');
      await run(
        workshop,
        `echo '{"Resources":{"Queue":{"Type":"AWS::SQS::Queue","Properties":{"No":1}}}}' > ${bad}`,
      );
      prove(
        'it does look: a property that no queue has is found',
        (await attempt(workshop, `${lint} ${bad}`)).exitCode !== 0,
      );
    },
  };
}

function bootstrap(workshop: Workshop): Step {
  return {
    title: 'Bootstrap the account',
    run: async ({ report, prove }) => {
      const command = commandOf('npx cdk bootstrap');
      report(`$ ${command}`);
      prove('the account is bootstrapped', /bootstrapped/.test(await everything(workshop, command)));
    },
  };
}

function deployFirst(workshop: Workshop): Step {
  return {
    title: 'Deploy the stack as it is',
    run: async ({ report, prove }) => {
      await deploy(workshop, report);
      const outputs = workshop.outputs.get();
      for (const [name, value] of Object.entries(outputs)) report(`  ${name} = ${value}`);
      const url = new URL(outputs.WebhookUrlstripe ?? '');
      workshop.endpoint.set(await openApiProxy(workshop.emulator.get(), url.host));
      report(
        `No resolver knows ${url.host}: what is sent to ${workshop.endpoint.get().url} is passed on to it.`,
      );
      prove('the outputs hold a webhook URL per source', url.pathname === '/webhooks/stripe');
    },
  };
}

/** Deploys, and keeps the outputs. It skips the question that the README mentions. */
export async function deploy(workshop: Workshop, report: (text: string) => void): Promise<void> {
  const command = commandOf('npx cdk deploy');
  report(`$ ${command}`);
  const file = join(workshop.directory, 'outputs.json');
  await run(workshop, `${command} --require-approval never --outputs-file '${file}'`);
  workshop.outputs.set(JSON.parse(readFileSync(file, 'utf8'))[STACK] ?? {});
}

/** Both outputs of a command: the CDK CLI writes half of its report to the error output. */
async function everything(workshop: Workshop, command: string): Promise<string> {
  return run(workshop, `${command} 2>&1`);
}
