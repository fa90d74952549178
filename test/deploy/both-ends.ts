import type { ReceivedCall } from '../../local/webex-campaign/judge.ts';
import { until } from './step.ts';
import { STACK, type Workshop } from './workshop.ts';

/** Where a source's webhooks are posted to. */
export function urlOf({ endpoint }: Workshop, source: string): string {
  return `${endpoint.get().url}/webhooks/${source}`;
}

/** The README's command that sends a sample to that URL, for a source. */
export function sendCommand(workshop: Workshop, source: string, sample: string): string {
  return `npm run -s adapter -- send --stack ${STACK} --url ${urlOf(workshop, source)} --source ${source} --sample ${sample}`;
}

/** The calls about an event id that have reached Webex Campaign so far. */
export function callsOf({ simulator }: Workshop, eventId: string): readonly ReceivedCall[] {
  return simulator.received().filter(({ body }) => body.includes(`"${eventId}"`));
}

/** The first such call that was answered, as soon as there is one. */
export function firstCallOf(workshop: Workshop, eventId: string): Promise<ReceivedCall> {
  return until(`a call with ${eventId}`, 90, async () =>
    callsOf(workshop, eventId).find(({ answer }) => answer !== undefined),
  );
}
