import { existsSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import * as z from 'zod';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { type Finding, type Problem, parseConfigFile, readConfigText } from '../config/file.ts';
import { findUnfitRate, rateOf } from '../deliver/times.ts';
import { durationSchema } from '../mapping/schema.ts';
import { findUnfitExecutions } from './limits.ts';
import { LOCAL_STAGE } from './synthesize.ts';

/** Where the bearer key is sent: `https`, or `http` to this machine alone. */
export const eventUrlSchema = z
  .url({ protocol: /^https?$/, error: 'expected a whole URL: https://host/path' })
  .refine(isSafeForKey, 'expected https: the key would travel in the clear (http is for loopback only)')
  .refine(
    (url) => !hasCredentials(url),
    'expected a URL without user and password: the key is in its secret',
  );

const positive = z.number().positive('expected more than 0');
const count = z.int().min(1, 'expected 1 at least');

const domainSchema = z.strictObject({
  name: z.hostname('expected a host name: hooks.example.com'),
  'certificate-arn': z
    .string()
    .regex(
      /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/,
      'expected the ARN of a certificate of ACM: arn:aws:acm:<region>:<account>:certificate/<id>',
    ),
});

/** From ten minutes to a day: CloudWatch looks back no further, and any pause is shorter. */
const silenceSchema = durationSchema.refine(
  (seconds) => seconds >= 600 && seconds <= 86_400,
  'expected 10m to 24h',
);

/** The settings of a stage, as `stages.yaml` has them; what each means stands at the head of that file. */
export const stageSchema = z.strictObject({
  'event-url': eventUrlSchema,
  mappings: z
    .string()
    .regex(
      /^(?!\/)(?!(.*\/)?\.\.(\/|$)).+[^/]$/,
      'expected a folder of this project, without "/" at its end: mappings-acme',
    )
    .optional(),
  placeholders: z.enum(['allowed']).optional(),
  'public-url': z
    .url({ protocol: /^https?$/, error: 'expected a whole URL: https://host' })
    .regex(/[^/]$/, 'expected no slash at its end')
    .optional(),
  domain: domainSchema.optional(),
  throttle: z.strictObject({ 'requests-per-second': positive, burst: count }).optional(),
  'ingest-concurrency': count.optional(),
  'events-per-second': positive.max(1_000, 'expected 1000 at most').optional(),
  concurrency: z
    .int()
    .min(2, 'expected 2 at least, as SQS has it')
    .max(1_000, 'expected 1000 at most, as SQS has it')
    .optional(),
  'success-id-fields': z
    .array(z.string().regex(/^[^,]+$/, 'expected a name without a comma'))
    .min(1, 'expected one name at least')
    .optional(),
  'service-unavailable': z.enum(['unclear', 'retry']).optional(),
  probe: z.enum(['call', 'event']).optional(),
  'alarm-email': z.email('expected an e-mail address').optional(),
  'fresh-within': durationSchema
    .refine((seconds) => seconds >= 60 && seconds <= 86_400, 'expected 1m to 24h')
    .optional(),
  'silent-after': z.record(z.string(), silenceSchema).optional(),
  'lambda-concurrency': z.int('expected a whole number').min(10, 'expected 10 at least').optional(),
  vpc: z
    .strictObject({
      // Four subnets, of 16 addresses each at least.
      cidr: z
        .cidrv4({ error: 'expected a range of addresses: 10.0.0.0/24', abort: true })
        .regex(/\/(1[6-9]|2[0-6])$/, 'expected a range from /16 to /26'),
    })
    .optional(),
  kms: z.enum(['managed', 'customer']).optional(),
  'keep-data': z.boolean().optional(),
  'termination-protection': z.boolean().optional(),
  tags: z
    .record(
      z
        .string()
        .regex(
          /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+@-]{1,128}$/iu,
          'expected a tag of 1 to 128 letters, digits, spaces and _.:/=+@-, not beginning with "aws:"',
        ),
      z
        .string()
        .regex(
          /^[\p{L}\p{Z}\p{N}_.:/=+@-]{0,256}$/u,
          'expected 256 letters, digits, spaces and _.:/=+@- at most',
        ),
    )
    .optional(),
});

export type Stage = z.infer<typeof stageSchema>;

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

const stagesSchema = z.record(
  z.string().regex(/^[a-z][a-z0-9-]{0,29}$/, 'expected a stage name: lower-case letters, digits and "-"'),
  stageSchema,
);

/** Reads `stages.yaml`: the settings of each stage, by its name; its folders lie beside it. */
export function readStages(file: string): Result<Readonly<Record<string, Stage>>, readonly Problem[]> {
  const shown = relative(process.cwd(), file);
  const text = readConfigText(file, shown);
  if (!text.ok) return text;
  const parsed = parseConfigFile(shown, text.value, stagesSchema);
  if (!parsed.ok) return parsed;
  const { value, problemAt } = parsed.value;
  const findings = checkStages(value, dirname(file));
  return findings.length === 0
    ? succeed(value)
    : fail(findings.map(({ path, message }) => problemAt(path, message)));
}

/** The stages whose event ids may be placeholders: the one that runs on this machine, and those that say so. */
export function stagesWithPlaceholders(stages: Readonly<Record<string, Stage>>): readonly string[] {
  return Object.entries(stages).flatMap(([name, { placeholders }]) =>
    name === LOCAL_STAGE || placeholders === 'allowed' ? [name] : [],
  );
}

const contextSchema = z.object({
  stage: z.string().optional(),
  'event-url': eventUrlSchema.optional(),
  local: z.literal('true', 'expected true').optional(),
});

/**
 * Which stages to synthesize: all that can be deployed, or the one of the context value `stage`. The one that runs on this
 * machine is no stack of `cdk list`, unless the context value `local` is true. The context value `event-url` takes the place
 * of the stage's, as the local run needs it.
 */
export function selectStages(
  stages: Readonly<Record<string, Stage>>,
  context: Readonly<Partial<Record<'stage' | 'event-url' | 'local', unknown>>>,
): Result<Readonly<Record<string, Stage>>, readonly Problem[]> {
  const parsed = contextSchema.safeParse(context);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => problemWith(String(path[0]), message));
    return fail(problems);
  }
  const { stage, 'event-url': eventUrl, local } = parsed.data;
  if (stage === undefined && eventUrl === undefined) {
    const { [LOCAL_STAGE]: _, ...deployable } = stages;
    return succeed(local === undefined ? deployable : stages);
  }

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

/** What does not fit together in the settings of the stages, though each of them is well-formed. */
function checkStages(stages: Readonly<Record<string, Stage>>, directory: string): readonly Finding[] {
  return Object.entries(stages).flatMap(([name, stage]) => [
    ...[
      ...checkAddress(stage),
      ...checkRates(stage),
      ...checkExecutions(stage),
      ...checkFolder(stage, directory),
    ].map(({ path, message }) => ({ path: [name, ...path], message })),
    ...checkDomain(name, stages),
  ]);
}

function checkAddress({ domain, 'public-url': publicUrl }: Stage): readonly Finding[] {
  if (domain === undefined || publicUrl === undefined) return [];
  const message = `is what webhook URLs begin with, and so is https://${domain.name} of the domain. Remove it.`;
  return [{ path: ['public-url'], message }];
}

function checkRates(stage: Stage): readonly Finding[] {
  const { throttle } = stage;
  const rate = rateOf({ eventsPerSecond: stage['events-per-second'], concurrency: stage.concurrency });
  const key = stage['events-per-second'] === undefined ? 'concurrency' : 'events-per-second';
  const tooLow = findUnfitRate(rate).map((message) => ({ path: [key], message }));
  if (throttle === undefined || throttle['requests-per-second'] >= rate.eventsPerSecond) return tooLow;
  const message = `${throttle['requests-per-second']} is less than the ${rate.eventsPerSecond} events that are sent each second: vendors would be refused while deliver is idle. Give ${rate.eventsPerSecond} at least.`;
  return [...tooLow, { path: ['throttle', 'requests-per-second'], message }];
}

function checkExecutions(stage: Stage): readonly Finding[] {
  const { ingest, deliver } = findUnfitExecutions({
    ingest: stage['ingest-concurrency'],
    deliver: rateOf({ concurrency: stage.concurrency }).concurrency,
    account: stage['lambda-concurrency'],
  });
  return [
    ...(ingest === undefined ? [] : [{ path: ['ingest-concurrency'], message: ingest }]),
    ...(deliver === undefined ? [] : [{ path: ['concurrency'], message: deliver }]),
  ];
}

function checkFolder({ mappings: folder }: Stage, directory: string): readonly Finding[] {
  if (folder === undefined || isDirectory(join(directory, folder))) return [];
  const message = `there is no folder "${folder}". Create it, with a folder in it for each source.`;
  return [{ path: ['mappings'], message }];
}

/** A domain can lead to one API only. */
function checkDomain(name: string, stages: Readonly<Record<string, Stage>>): readonly Finding[] {
  const domain = stages[name]?.domain?.name;
  const [first] = Object.entries(stages).find(([, other]) => other.domain?.name === domain) ?? [];
  if (domain === undefined || first === name) return [];
  return [
    { path: [name, 'domain', 'name'], message: `is the domain of the stage "${first}" too. Take another.` },
  ];
}

function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
