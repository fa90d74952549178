import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { AlarmSettings } from '../../../lib/alarms/stage-alarm.ts';
import { readMappingFolders } from '../../../lib/mapping/folders.ts';
import { WebhookAdapterStack } from '../../../lib/webhook-adapter-stack.ts';
import { SIX_SOURCES } from '../../fixtures/six-sources.ts';

const mappings = readMappingFolders(SIX_SOURCES);
if (!mappings.ok) throw new Error('The mapping folders have problems.');

export const STACK = 'adapter';
export const SOURCES = mappings.value.map(({ source }) => source);

/** The stack of six sources, with these settings of its alarms. */
export function synthesizeAlarms(alarms?: AlarmSettings): Template {
  const eventUrl = 'https://tenant.webexcampaign.example/events';
  return Template.fromStack(
    new WebhookAdapterStack(new App(), STACK, {
      eventUrl,
      placeholders: 'allowed',
      mappings: mappings.ok ? mappings.value : [],
      alarms,
    }),
  );
}

/** An alarm as the template has it. */
export type TemplateAlarm = {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly Statistic?: string;
  readonly ExtendedStatistic?: string;
  readonly Period: number;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm?: number;
  readonly Threshold: number;
  readonly ComparisonOperator: string;
  readonly TreatMissingData: string;
  readonly AlarmActions: readonly { readonly Ref: string }[];
  readonly OKActions?: readonly { readonly Ref: string }[];
};

export function alarmsOf(template: Template): readonly TemplateAlarm[] {
  return Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
}

/** The section of the runbook that an alarm's message leads to. */
export function sectionOf({ AlarmDescription }: TemplateAlarm): string {
  return /docs\/runbook\.md#([a-z-]+)$/.exec(AlarmDescription)?.[1] ?? '';
}

/** The urgency that an alarm's message names. */
export function urgencyOf({ AlarmDescription }: TemplateAlarm): string {
  return /^Urgency: (page|tomorrow)\.$/m.exec(AlarmDescription)?.[1] ?? '';
}
