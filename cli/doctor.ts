import type { SignatureScheme } from '../lambdas/ingest/signature-scheme.ts';
import { adviseOn } from '../lambdas/ingest/verification-advice.ts';
import { verifySignature } from '../lambdas/ingest/verify-signature.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { resolveVerify } from '../lib/ingest/verify-setting.ts';
import { INVOCATION } from '../lib/invocation.ts';
import { readMappingFolders } from '../lib/map/mapping-folders.ts';
import type { CommandResult } from './command-line.ts';
import { type DoctorRequest, readKnobsFile, readRequests } from './doctor-requests.ts';

export type DoctorOptions = {
  readonly request: string;
  readonly mapping?: string | undefined;
  readonly profile?: string | undefined;
  readonly secret?: readonly string[] | undefined;
  /** Unix seconds at which the requests are taken to be received. */
  readonly now?: number | undefined;
  readonly json?: boolean | undefined;
};

/** A request, how it should be signed, and with what. */
type Case = DoctorRequest & { readonly scheme: SignatureScheme; readonly secretsTried: readonly string[] };

/** What the doctor says of one request. */
type Finding = {
  readonly id: string;
  readonly valid: boolean;
  readonly code: string;
  readonly message: string;
};

/** `adapter doctor`: says of each request in a file whether its signature verifies, and if not, why not. */
export function examine(mappingsDirectory: string, options: DoctorOptions): CommandResult {
  const requests = readRequests(options.request);
  if (!requests.ok) return { text: requests.failure.join('\n'), exitCode: 2 };
  const fallback = readFallback(mappingsDirectory, options);
  if (!fallback.ok) return { text: fallback.failure, exitCode: 2 };
  const cases = requests.value.map((request) => completeCase(request, fallback.value, options));
  const problems = cases.flatMap((one) => (one.ok ? [] : [one.failure]));
  if (problems.length > 0) return { text: problems.join('\n'), exitCode: 2 };

  const findings = cases.flatMap((one) => (one.ok ? [find(one.value, options)] : []));
  const text = findings.map((finding) => (options.json === true ? JSON.stringify(finding) : tell(finding)));
  return { text: text.join('\n'), exitCode: findings.every(({ valid }) => valid) ? 0 : 1 };
}

/** The scheme for requests that bring none: of `--profile` (a name, or a file of knobs) or of `--mapping`. */
function readFallback(
  mappingsDirectory: string,
  { profile, mapping }: DoctorOptions,
): Result<unknown, string> {
  if (profile !== undefined && mapping !== undefined) return fail('Give --profile or --mapping, not both.');
  if (profile !== undefined) return readKnobsFile(profile);
  if (mapping === undefined) return succeed(undefined);
  const mappings = readMappingFolders(mappingsDirectory);
  if (!mappings.ok)
    return fail(`The mapping folders have problems: run "${INVOCATION} validate" to see them.`);
  const found = mappings.value.find(({ source }) => source === mapping);
  if (found !== undefined) return succeed(found.profile.signature);
  const known = mappings.value.map(({ source }) => source).join(', ');
  return fail(`There is no mapping folder "${mapping}". There are: ${known}.`);
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
  // Type and id are not looked at here, so that any will do.
  const profile = resolveVerify(verify, { 'event-type': [{ body: '/type' }] });
  if (!profile.ok) {
    const problems = profile.failure.map(
      ({ path, message }) => `${request.id}: ${path.map(String).join('.')}  ${message}`,
    );
    return fail(problems.join('\n'));
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
  const { secretSlot } = verified.value;
  const which = secretSlot === 0 ? 'the newest signing secret' : `signing secret ${secretSlot}`;
  return { id, valid: true, code: 'verified', message: `Verified by ${which}.`, secretSlot };
}

function tell({ id, valid, code, message }: Finding): string {
  return `${valid ? 'valid  ' : 'INVALID'}  ${id}  ${code}\n         ${message}`;
}
