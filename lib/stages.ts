import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import * as z from 'zod';

import { fail, type Result, succeed } from '../lambdas/result.ts';
import { alarmStageSettings } from './alarm-stage-settings.ts';
import { type Problem, parseConfigFile } from './config-file.ts';

/** Where the bearer key is sent: `https`, or `http` to this machine alone. */
export const eventUrlSchema = z
  .url({ protocol: /^https?$/, error: 'expected a whole URL: https://host/path' })
  .refine(isSafeForKey, 'expected https: the key would travel in the clear (http is for loopback only)')
  .refine(
    (url) => !hasCredentials(url),
    'expected a URL without user and password: the key is in its secret',
  );

const stageSchema = z.strictObject({
  /** The whole URL of the tenant's event API. There is no default: it differs from tenant to tenant. */
  'event-url': eventUrlSchema,
  /** What webhook URLs begin with, where it is not the API's own endpoint. */
  'public-url': z
    .url({ protocol: /^https?$/, error: 'expected a whole URL: https://host' })
    .regex(/[^/]$/, 'expected no slash at its end')
    .optional(),
  /** Calls a second that the tenant is sent at most. */
  'events-per-second': z
    .number('expected a number')
    .positive('expected more than 0')
    .max(1_000, 'expected 1000 at most')
    .optional(),
  /** Workers at a time, which share that rate. */
  concurrency: z
    .int('expected a whole number')
    .min(2, 'expected 2 at least, as SQS has it')
    .max(1_000, 'expected 1000 at most, as SQS has it')
    .optional(),
  ...alarmStageSettings,
  /** Members of an answer that prove that an event was accepted. */
  'success-id-fields': z
    .array(z.string().regex(/^[^,]+$/, 'expected a name without a comma'))
    .min(1, 'expected one name at least')
    .optional(),
});

const stagesSchema = z.record(
  z.string().regex(/^[a-z][a-z0-9-]{0,29}$/, 'expected a stage name: lower-case letters, digits and "-"'),
  stageSchema,
);

export type Stage = z.infer<typeof stageSchema>;

/** Reads `stages.yaml`: the settings of each stage, by its name. */
export function readStages(file: string): Result<Readonly<Record<string, Stage>>, readonly Problem[]> {
  const parsed = parseConfigFile(relative(process.cwd(), file), readFileSync(file, 'utf8'), stagesSchema);
  return parsed.ok ? succeed(parsed.value.value) : parsed;
}

const contextSchema = z.object({ stage: z.string().optional(), 'event-url': eventUrlSchema.optional() });

/**
 * Which stages to synthesize: all, or the one of the context value `stage`. The context value `event-url` takes the
 * place of that stage's, as the local run needs it.
 */
export function selectStages(
  stages: Readonly<Record<string, Stage>>,
  context: { readonly stage: unknown; readonly 'event-url': unknown },
): Result<Readonly<Record<string, Stage>>, readonly Problem[]> {
  const parsed = contextSchema.safeParse(context);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => problemWith(String(path[0]), message));
    return fail(problems);
  }
  const { stage, 'event-url': eventUrl } = parsed.data;
  if (stage === undefined && eventUrl === undefined) return succeed(stages);

  const settings = stage === undefined ? undefined : stages[stage];
  if (stage === undefined || settings === undefined) {
    const known = Object.keys(stages).join(', ');
    return fail([
      problemWith('stage', `expected a stage of stages.yaml (${known}), found ${stage ?? 'none'}.`),
    ]);
  }
  return succeed({ [stage]: { ...settings, ...(eventUrl !== undefined && { 'event-url': eventUrl }) } });
}

function problemWith(path: string, message: string): Problem {
  return { file: 'context', path, message };
}

/** Whether a URL stays on this machine. */
function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function isSafeForKey(url: string): boolean {
  return !URL.canParse(url) || new URL(url).protocol === 'https:' || isLoopback(url);
}

function hasCredentials(url: string): boolean {
  return URL.canParse(url) && (new URL(url).username !== '' || new URL(url).password !== '');
}
