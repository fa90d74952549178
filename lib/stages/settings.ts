import { Duration } from 'aws-cdk-lib';
import type { AlarmSettings } from '../alarms/stage-alarm.ts';
import type { WebhookAdapterStackProps } from '../webhook-adapter-stack.ts';
import { type Stage, stagesWithPlaceholders } from './stages.ts';

/** What a stage's settings mean to its stack. Apart from their schema, so that no command waits for the CDK to load. */
export function stackPropsOf(name: string, stage: Stage): Omit<WebhookAdapterStackProps, 'mappings'> {
  const { domain, throttle } = stage;
  return {
    stage: name,
    placeholders: stagesWithPlaceholders({ [name]: stage }).length > 0 ? 'allowed' : undefined,
    description: `Webhooks to Webex Campaign events (${name}).`,
    terminationProtection: stage['termination-protection'] ?? name.startsWith('prod'),
    eventUrl: stage['event-url'],
    publicUrl: stage['public-url'],
    domain: domain && { name: domain.name, certificateArn: domain['certificate-arn'] },
    throttle: throttle && { rateLimit: throttle['requests-per-second'], burstLimit: throttle.burst },
    ingestConcurrency: stage['ingest-concurrency'],
    eventsPerSecond: stage['events-per-second'],
    concurrency: stage.concurrency,
    successIdFields: stage['success-id-fields'],
    serviceUnavailable: stage['service-unavailable'],
    probe: stage.probe,
    alarms: alarmSettingsOf(stage),
    egressCidr: stage.vpc?.cidr,
    kms: stage.kms,
    keepData: stage['keep-data'],
    // Tags of the stack, which CloudFormation gives to all that it makes for it.
    ...(stage.tags !== undefined && { tags: stage.tags }),
  };
}

function alarmSettingsOf(stage: Stage): AlarmSettings {
  const freshWithin = stage['fresh-within'];
  const silentAfter = Object.entries(stage['silent-after'] ?? {});
  return {
    email: stage['alarm-email'],
    freshWithin: freshWithin === undefined ? undefined : Duration.seconds(freshWithin),
    silentAfter: Object.fromEntries(silentAfter.map(([source, after]) => [source, Duration.seconds(after)])),
    lambdaConcurrency: stage['lambda-concurrency'],
  };
}
