import * as z from 'zod';
import { durationSchema } from '../mapping/schema.ts';

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
