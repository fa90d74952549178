import { Buffer } from 'node:buffer';
import * as z from 'zod';
import { parseJson } from '../../lambdas/result.ts';

/** The one path at which the simulator takes events, in the form the vendor's other v3 resources have. */
export const EVENT_PATH = '/campaignapi/resources/v3/events';

/** Limits of the contract (webex-event-api.md, "Request"); 24 KB is read as 24,000 bytes of the whole body. */
const MAX_PARAMETERS = 400;
const MAX_BODY_BYTES = 24_000;

/** A request as it reached the simulator. */
export type ReceivedRequest = {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly body: string;
};

/** What each event definition of the simulated tenant wants, by its id. */
export type Definitions = ReadonlyMap<
  string,
  { readonly mandatory: readonly string[]; readonly hasRecommendation: boolean }
>;

/** What the simulated tenant knows. */
export type Tenant = {
  /** The API user's keys that are valid now. */
  readonly keys: readonly string[];
  /** Valid keys of an API user that is not enabled for the Event Campaign API. */
  readonly keysWithoutEventApi: readonly string[];
  /** Event definitions that have no recommendation to give. */
  readonly eventIdsWithoutRecommendation: readonly string[];
  /** The event definitions that there are, by id; without them any id is known, and no parameter is mandatory. */
  readonly definitions?: Definitions | undefined;
  /** The vendor's switch `imicampaign.eventapi.resp.statuscode.`: the HTTP status that carries codes 500 and 100x. */
  readonly failureStatus: 200 | 500;
  /** Whether fields are checked before the key is, as a gateway may do. */
  readonly checksFieldsFirst?: boolean;
};

export type SimulatedAnswer = { readonly status: number; readonly body: string };

/** A call as the simulator saw it and answered it. The bearer key is left out. */
export type ReceivedCall = {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  /** Missing when the script had it hang or reset. */
  readonly answer?: SimulatedAnswer;
  /** Whether the tenant has taken the event, whatever was answered. */
  readonly isAccepted: boolean;
};

const eventSchema = z.object({
  'event-id': z.unknown().optional(),
  'event-key': z.unknown().optional(),
  'event-params': z.record(z.string(), z.unknown()).optional(),
});

/**
 * Judges a request as the contract page has it: where it went, who sent it, what it holds, in this order, since a server
 * finds the resource before it asks for credentials and reads the body last (unless the tenant says otherwise).
 * @param transactionId the id that a success is to carry
 */
export function judgeRequest(
  request: ReceivedRequest,
  tenant: Tenant,
  transactionId: string,
): SimulatedAnswer {
  if (request.path !== EVENT_PATH) return failure(404, 404, 'Page not found');
  if (request.method !== 'POST') return failure(405, 405, 'Method not supported');

  const refusedKey = refuseKey(request, tenant);
  const fault = findFault(request, tenant);
  const refusedFields = fault && failure(tenant.failureStatus, fault.code, fault.description);
  const refused = tenant.checksFieldsFirst ? (refusedFields ?? refusedKey) : (refusedKey ?? refusedFields);
  return refused ?? { status: 200, body: JSON.stringify({ 'transaction-id': transactionId }) };
}

function refuseKey({ authorization = '' }: ReceivedRequest, tenant: Tenant): SimulatedAnswer | undefined {
  const key = /^Bearer (\S+)$/.exec(authorization)?.[1] ?? '';
  if (tenant.keysWithoutEventApi.includes(key)) return failure(401, 430, 'Authorization failed');
  return tenant.keys.includes(key) ? undefined : failure(401, 498, 'Invalid token');
}

type Fault = { readonly code: number; readonly description: string };

const INVALID_JSON: Fault = { code: 1001, description: 'Invalid input JSON' };

function findFault({ body, contentType = '' }: ReceivedRequest, tenant: Tenant): Fault | undefined {
  if (!/^application\/json\b/i.test(contentType)) return INVALID_JSON;
  // The contract has no code for what is too large or too many; "invalid input" is the nearest.
  if (Buffer.byteLength(body) > MAX_BODY_BYTES) {
    return { code: 1001, description: 'Event payload is larger than 24 KB' };
  }
  const event = eventSchema.safeParse(parseJson(body)).data;
  if (event === undefined) return INVALID_JSON;

  const { 'event-id': id, 'event-key': key, 'event-params': params = {} } = event;
  if (!isFilled(id) || !isFilled(key)) return { code: 1002, description: 'Mandatory field is missing' };
  if (Object.keys(params).length > MAX_PARAMETERS) {
    return { code: 1001, description: 'More than 400 event parameters' };
  }
  // The contract says only "200 or 500 with an error code" for null values: an internal error is the vaguest of them.
  if (Object.values(params).some(isNull)) return { code: 500, description: 'Internal server error' };
  return findDefinitionFault(id, params, tenant);
}

/** What the event's definition has against it. */
function findDefinitionFault(
  id: string,
  params: Readonly<Record<string, unknown>>,
  { definitions, eventIdsWithoutRecommendation }: Tenant,
): Fault | undefined {
  const definition = definitions?.get(id);
  // The contract has no code for an id that is none; "a mandatory field is missing: event id" is the nearest.
  if (definitions !== undefined && definition === undefined) {
    return { code: 1002, description: 'Event id is not known' };
  }
  const missing = definition?.mandatory.find((name) => !Object.hasOwn(params, name));
  if (missing !== undefined) return { code: 1002, description: `Mandatory parameter is missing: ${missing}` };
  const hasNone = definition?.hasRecommendation === false || eventIdsWithoutRecommendation.includes(id);
  return hasNone ? { code: 1003, description: 'No recommendation available' } : undefined;
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function isNull(value: unknown): boolean {
  return value === null || value === 'null' || value === 'NULL';
}

function failure(status: number, code: number, description: string): SimulatedAnswer {
  return { status, body: JSON.stringify({ code, description }) };
}
