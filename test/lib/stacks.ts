import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as z from 'zod';
import { readMappingFolders } from '../../lib/mapping/folders.ts';
import { stackPropsOf } from '../../lib/stages/settings.ts';
import { readStages, type Stage, stageSchema } from '../../lib/stages/stages.ts';
import { WebhookAdapterStack } from '../../lib/webhook-adapter-stack.ts';
import { SIX_SOURCES } from '../fixtures/six-sources.ts';

export const EVENT_URL = 'https://tenant.webexcampaign.example/events';

/** A stage that says no more than it must. */
export const PLAIN: Stage = stageSchema.parse({ 'event-url': EVENT_URL });

/** A stage with everything on that a template can show. */
export const EVERYTHING: Stage = readEverything();

const mappings = readMappingFolders(SIX_SOURCES);
if (!mappings.ok) throw new Error('The mapping folders have problems.');
export const sixMappings = mappings.value;

/** A stage's stack, with the mappings of some of six sources (all of them, where none are named). */
export function stackOf(
  name: string,
  stage: Stage,
  { app = new App(), sources }: { readonly app?: App; readonly sources?: readonly string[] } = {},
): WebhookAdapterStack {
  return new WebhookAdapterStack(app, `webhook-adapter-${name}`, {
    ...stackPropsOf(name, stage),
    placeholders: 'allowed',
    mappings: sixMappings.filter(({ source }) => sources?.includes(source) ?? true),
  });
}

export function templateOf(...stack: Parameters<typeof stackOf>): Template {
  return Template.fromStack(stackOf(...stack));
}

function readEverything(): Stage {
  const stages = readStages(fileURLToPath(new URL('../everything-on.yaml', import.meta.url)));
  const stage = stages.ok ? stages.value.prod : undefined;
  if (stage === undefined) throw new Error('test/everything-on.yaml has problems.');
  return stage;
}

const resourcesSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Properties: z.record(z.string(), z.unknown()).default({}),
      DeletionPolicy: z.string().optional(),
    }),
  ),
});

export type TemplateResource = z.output<typeof resourcesSchema>['Resources'][string];

/** The resources of a template. */
export function resourcesIn(template: Template): readonly TemplateResource[] {
  return Object.values(resourcesSchema.parse(template.toJSON()).Resources);
}
