import { existsSync, readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { findMapping, PROJECT } from '../../answers/project.ts';
import { httpApiEventSchema } from '../../lambdas/ingest/request.ts';
import type { SignatureScheme } from '../../lambdas/ingest/signature/scheme.ts';
import { adviseOn } from '../../lambdas/ingest/signature/verification.ts';
import { verifySignature } from '../../lambdas/ingest/signature/verify.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { formatProblems, readConfigFile, readConfigText } from '../../lib/config/file.ts';
import { joinLines } from '../../lib/config/terminal.ts';
import { resolveVerify } from '../../lib/mapping/verify.ts';
import { type CommandResult, example, refuse, run } from '../command-line.ts';

export type DoctorOptions = {
  readonly request: string;
  readonly mapping?: string | undefined;
  /** The name of a profile, or a file of options. */
  readonly profile?: string | undefined;
  readonly secret?: readonly string[] | undefined;
  /** Unix seconds at which the requests are taken to be received. */
  readonly now?: number | undefined;
  readonly json?: boolean | undefined;
};

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('say of captured requests whether their signatures verify, and if not, why not')
    .requiredOption(
      '--request <file>',
      'JSON: a request {method, url, headers, body | bodyBase64}, or a list of them',
    )
    .option('--mapping <name>', 'verify as this mapping folder says')
    .option('--profile <name>', 'verify by this profile, or by the options in this file')
    .option('--secret <text...>', 'a signing secret; several are tried in turn')
    .option('--now <unix>', 'when the requests are taken to be received, in unix seconds', readSeconds)
    .option('--json', 'print a line of JSON per request')
    .addHelpText('after', example('doctor --request captured.json --mapping stripe --secret whsec_1'))
    .action((options) => run(async () => examine(PROJECT.mappings, options)));
}

function readSeconds(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected unix seconds');
}

/** `adapter doctor`: says of each request in a file whether its signature verifies, and if not, why not. */
export function examine(mappingsDirectory: string, options: DoctorOptions): CommandResult {
  const requests = readRequests(options.request);
  if (!requests.ok) return refuse(joinLines(requests.failure));
  const fallback = readFallback(mappingsDirectory, options);
  if (!fallback.ok) return refuse(fallback.failure);
  const cases = requests.value.map((request) => completeCase(request, fallback.value, options));
  const problems = cases.flatMap((one) => (one.ok ? [] : [one.failure]));
  if (problems.length > 0) return refuse(joinLines(problems));

  const findings = cases.flatMap((one) => (one.ok ? [find(one.value, options)] : []));
  const format = options.json === true ? JSON.stringify : formatFinding;
  const text = findings.map((finding) => format(finding)).join('\n');
  return { text, exitCode: findings.every(({ valid }) => valid) ? 0 : 1 };
}

/** A request, how it should be signed, and with what. */
type Case = DoctorRequest & { readonly scheme: SignatureScheme; readonly secretsTried: readonly string[] };

/** What the doctor finds out about one request. */
type Finding = {
  readonly id: string;
  readonly valid: boolean;
  readonly code: string;
  readonly message: string;
};

/** The scheme for requests without a profile: that of `--profile` (a name, or a file of options) or of `--mapping`. */
function readFallback(
  mappingsDirectory: string,
  { profile, mapping }: DoctorOptions,
): Result<unknown, string> {
  if (profile !== undefined && mapping !== undefined) return fail('Give --profile or --mapping, not both.');
  if (profile !== undefined) return readOptionsFile(profile);
  if (mapping === undefined) return succeed(undefined);
  const found = findMapping({ mappings: mappingsDirectory }, mapping);
  return found.ok ? succeed(found.value.profile.signature) : found;
}

function completeCase(
  request: DoctorRequest,
  fallback: unknown,
  { secret }: DoctorOptions,
): Result<Case, string> {
  const verify = request.profile ?? fallback;
  if (verify === undefined) {
    return fail(
      `${request.id}: has no profile. Give one: --profile NAME, --mapping NAME, or "profile" in the request.`,
    );
  }
  // Any event type will do: the doctor looks at the signature alone.
  const profile = resolveVerify(verify, { 'event-type': [{ body: '/type' }] });
  if (!profile.ok) {
    const problems = profile.failure.map(
      ({ path, message }) => `${request.id}: ${path.map(String).join('.')}  ${message}`,
    );
    return fail(joinLines(problems));
  }
  const secretsTried = secret ?? request.secrets;
  if (secretsTried.length > 0) return succeed({ ...request, scheme: profile.value.signature, secretsTried });
  return fail(`${request.id}: has no secret. Give one: --secret S, or "secret" in the request.`);
}

function find(one: Case, { now }: DoctorOptions): Finding & Readonly<Record<string, unknown>> {
  const { id, method, url, query, headers, rawBody, scheme, secretsTried } = one;
  const seconds = now ?? one.now;
  const receivedAt = seconds === undefined ? new Date() : new Date(seconds * 1000);
  if (secretsTried.includes('')) {
    const message = 'A signing secret is empty: it would verify anybody’s signature. Store a real one.';
    return { id, valid: false, code: 'secret-invalid', message };
  }
  const configured = 'publicUrl' in scheme ? scheme.publicUrl : undefined;
  const request = {
    method,
    url: configured ?? url,
    query,
    headers,
    rawBody,
    receivedAt,
    secrets: secretsTried,
  };
  const verified = verifySignature(scheme, request);
  if (!verified.ok) {
    const { code, ...facts } = verified.failure;
    return { id, valid: false, code, message: adviseOn(verified.failure), ...facts };
  }
  const { secretIndex } = verified.value;
  const which =
    secretIndex === 0 ? 'the newest signing secret' : `the signing secret with index ${secretIndex}`;
  return { id, valid: true, code: 'verified', message: `Verified by ${which}.`, secretIndex };
}

function formatFinding({ id, valid, code, message }: Finding): string {
  return joinLines([`${valid ? 'valid  ' : 'INVALID'}  ${id}  ${code}`, `         ${message}`]);
}

/** A request as a person or a program wrote it down. Other members (source, licence, …) are ignored. */
const requestSchema = z.object({
  id: z.string().optional(),
  method: z.string().nullish(),
  url: z.string().nullish(),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  body: z.string().nullish(),
  bodyBase64: z.base64().nullish(),
  profile: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
  secret: z.string().nullish(),
  secrets: z.array(z.string()).nullish(),
  now: z.number().nullish(),
});

/** A list of requests, alone or as a member of an object. */
const listSchema = z.union([
  z.array(z.unknown()),
  z.object({ vectors: z.array(z.unknown()) }).transform(({ vectors }) => vectors),
  z.object({ requests: z.array(z.unknown()) }).transform(({ requests }) => requests),
]);

/** One request to examine, and how it says that it is signed. */
type DoctorRequest = {
  readonly id: string;
  readonly method: string;
  readonly url: string | undefined;
  readonly query: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly rawBody: Uint8Array;
  readonly profile: unknown;
  readonly secrets: readonly string[];
  readonly now: number | undefined;
};

/** Reads a file of one request, of a list of them, or of a captured API Gateway event. */
function readRequests(file: string): Result<readonly DoctorRequest[], readonly string[]> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return fail([`${file}: cannot be read as JSON: ${error instanceof Error ? error.message : error}`]);
  }
  const list = listSchema.safeParse(json);
  const entries = list.success ? list.data : [json];
  const requests = entries.map((entry, index) => readEntry(entry, `${index + 1}`));
  const problems = requests.flatMap((request) =>
    request.ok ? [] : request.failure.map((text) => `${file}: ${text}`),
  );
  if (problems.length > 0) return fail(problems);
  return succeed(requests.flatMap((request) => (request.ok ? [request.value] : [])));
}

/** The options in a YAML or JSON file of this name; where there is no such file, the name itself, which is a profile's. */
function readOptionsFile(nameOrFile: string): Result<unknown, string> {
  if (!existsSync(nameOrFile)) return succeed(nameOrFile);
  const text = readConfigText(nameOrFile, nameOrFile);
  const read = text.ok ? readConfigFile(nameOrFile, text.value) : text;
  return read.ok ? succeed(read.value.value) : fail(formatProblems(read.failure));
}

function readEntry(entry: unknown, number: string): Result<DoctorRequest, readonly string[]> {
  const event = httpApiEventSchema.safeParse(entry);
  const parsed = requestSchema.safeParse(event.success ? fromEvent(event.data, entry) : entry);
  if (!parsed.success) {
    return fail(
      parsed.error.issues.map(({ path, message }) => `request ${number}: ${path.join('.')}: ${message}`),
    );
  }
  const { id = number, method, url, profile, secret, secrets, now } = parsed.data;
  return succeed({
    id,
    method: method ?? 'POST',
    url: url ?? undefined,
    query: /\?([^#]*)/.exec(url ?? '')?.[1] ?? '',
    ...readMessage(parsed.data),
    profile: profile ?? undefined,
    secrets: secrets ?? [secret].flatMap((one) => one ?? []),
    now: now ?? undefined,
  });
}

function readMessage({
  headers,
  body,
  bodyBase64,
}: z.infer<typeof requestSchema>): Pick<DoctorRequest, 'headers' | 'rawBody'> {
  const lowerCase = Object.entries(headers).map(
    ([name, value]) => [name.toLowerCase(), [value].flat().join(',')] as const,
  );
  return {
    headers: new Map(lowerCase),
    rawBody: bodyBase64 ? Buffer.from(bodyBase64, 'base64') : Buffer.from(body ?? ''),
  };
}

/** A captured event has the request in it; its profile, secret and time may stand beside. */
function fromEvent(event: z.infer<typeof httpApiEventSchema>, entry: unknown): object {
  const host = event.headers.host ?? event.headers.Host ?? '';
  const query = event.rawQueryString === '' ? '' : `?${event.rawQueryString}`;
  return {
    ...(entry as object),
    method: event.requestContext.http.method,
    url: `https://${host}${event.rawPath}${query}`,
    headers: event.headers,
    body: event.isBase64Encoded ? undefined : event.body,
    bodyBase64: event.isBase64Encoded ? event.body : undefined,
  };
}
