import { readFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import * as z from 'zod';

import { fail, type Result, succeed } from '../lambdas/result.ts';
import { checkStages } from './check-stages.ts';
import { type Problem, parseConfigFile } from './config-file.ts';
import { eventUrlSchema, type Stage, stageSchema } from './stage-schema.ts';

const stagesSchema = z.record(
  z.string().regex(/^[a-z][a-z0-9-]{0,29}$/, 'expected a stage name: lower-case letters, digits and "-"'),
  stageSchema,
);

/** Reads `stages.yaml`: the settings of each stage, by its name; its folders lie beside it. */
export function readStages(file: string): Result<Readonly<Record<string, Stage>>, readonly Problem[]> {
  const parsed = parseConfigFile(relative(process.cwd(), file), readFileSync(file, 'utf8'), stagesSchema);
  if (!parsed.ok) return parsed;
  const { value, problemAt } = parsed.value;
  const findings = checkStages(value, dirname(file));
  return findings.length === 0
    ? succeed(value)
    : fail(findings.map(({ path, message }) => problemAt(path, message)));
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
