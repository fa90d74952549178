import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import { httpApiEventSchema } from '../lambdas/ingest/read-request.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';

/** A request as a person or a program wrote it down. Whatever else it holds (source, licence, …) is theirs. */
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

/** A list may lie in an object beside its description. */
const listSchema = z.union([
  z.array(z.unknown()),
  z.object({ vectors: z.array(z.unknown()) }).transform(({ vectors }) => vectors),
  z.object({ requests: z.array(z.unknown()) }).transform(({ requests }) => requests),
]);

/** One request to be examined, and what it says of how it is signed. */
export type DoctorRequest = {
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
export function readRequests(file: string): Result<readonly DoctorRequest[], readonly string[]> {
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

/** A profile's name as it is, or the knobs that a YAML or JSON file of this name holds. */
export function readKnobsFile(nameOrFile: string): Result<unknown, string> {
  if (!existsSync(nameOrFile)) return succeed(nameOrFile);
  try {
    return succeed(parse(readFileSync(nameOrFile, 'utf8')));
  } catch (error) {
    return fail(`${nameOrFile}: is not valid YAML: ${error instanceof Error ? error.message : error}`);
  }
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
