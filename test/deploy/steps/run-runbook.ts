import { isAdapterCommand, readPreamble, readSections } from '../../runbook/read-runbook.ts';
import type { Step } from '../step.ts';
import { attempt, REGION, run, STACK, type Workshop } from '../workshop.ts';

/** Commands that the emulator cannot run, by their beginning, each with its reason: the step reports them. */
const NOT_RUN: Readonly<Record<string, string>> = {};

/** The alarms as they are deployed, and what the runbook has people type. Its adapter commands run in test/story. */
export function runbookSteps(workshop: Workshop): readonly Step[] {
  return [lookAtAlarms(workshop), runCommands(workshop)];
}

function lookAtAlarms(workshop: Workshop): Step {
  return {
    title: 'The alarms and the dashboard',
    run: async ({ prove }) => {
      const alarms = Object.values(workshop.template.get().Resources).filter(
        ({ Type }) => Type === 'AWS::CloudWatch::Alarm',
      );
      const listed = await run(
        workshop,
        `aws cloudwatch describe-alarms --alarm-name-prefix ${STACK}- --query 'MetricAlarms[].AlarmName' --output text`,
      );
      const deployed = listed.trim().split(/\s+/);
      prove(`all ${alarms.length} alarms are deployed`, deployed.length === alarms.length, deployed);
      const dashboard = await run(
        workshop,
        `aws cloudwatch get-dashboard --dashboard-name ${STACK}-${REGION} --output json`,
      );
      prove('the dashboard has a row for each stage', /## 1\. ingest.*## 5\. dead-letter/s.test(dashboard));
      prove(
        'an output leads to it',
        workshop.outputs.get().DashboardUrl?.endsWith(`#dashboards/dashboard/${STACK}-${REGION}`) === true,
      );
    },
  };
}

function runCommands(workshop: Workshop): Step {
  return {
    title: 'Every command of the runbook that is of the AWS CLI',
    run: async ({ report, prove }) => {
      const { exports, commands } = readPreamble();
      const sections = readSections().flatMap((section) => section.commands);
      const ofAws = new Set([...commands, ...sections].filter((command) => !isAdapterCommand(command)));
      report(
        'The emulator takes every JSON filter for a match: test/lib/alarms/runbook.test.ts proves those.',
      );
      // Pasted once, as a person would. The stack that is written there is the README's, which is the one that is deployed.
      const shell = await run(workshop, [...exports, 'export SOURCE=stripe', 'export -p'].join('\n'));
      for (const command of ofAws) {
        const reason = Object.entries(NOT_RUN).find(([beginning]) => command.startsWith(beginning))?.[1];
        if (reason !== undefined) {
          report(`NOT RUN: ${command}\n     ${reason}`);
          continue;
        }
        const { exitCode, stdout, stderr } = await attempt(workshop, `${shell}\n${command}`);
        prove(command, exitCode === 0 && stderr === '', `${stdout}\n${stderr}`);
      }
    },
  };
}
