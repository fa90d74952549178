import { buildRequest, type EventRequest } from '../lambdas/deliver/event-api/caller.ts';
import type { WebexKeys } from '../lambdas/deliver/event-api/keys.ts';
import {
  type Attempt,
  classifyAttempt,
  judgeProbe,
  PROBE_PAYLOAD,
  type ProbeSignal,
  type Verdict,
} from '../lambdas/deliver/event-api/verdict.ts';
import type { Result } from '../lambdas/result.ts';
import { INVOCATION } from '../lib/config/terminal.ts';

/** What was found out about one thing that a call of Webex Campaign needs. */
export type Check = {
  readonly check: 'address' | 'tls' | 'key' | 'answer';
  readonly state: State;
  readonly code: CheckCode;
  readonly message: string;
  /** What a person can do about it. */
  readonly next?: string;
};

type State = 'ok' | 'warning' | 'failed' | 'not-checked';

/** A host that was reached. */
export type Reached = {
  readonly addresses: readonly string[];
  /** How long it took until there was a connection. */
  readonly milliseconds: number;
  /** Missing where the address is not of TLS. */
  readonly tls?:
    | Result<Tls, { readonly code: 'certificate-untrusted' | 'tls-failed'; readonly cause: string }>
    | undefined;
};

type Tls = { readonly version: string; readonly validUntil: Date };

/** What a check needs of the outside world. */
export type CheckDependencies = {
  /** Connects and closes the connection again; nothing is sent over it. */
  readonly connect: () => Promise<
    Result<Reached, { readonly code: 'host-unknown' | 'unreachable'; readonly cause: string }>
  >;
  readonly call: (request: EventRequest) => Promise<Attempt>;
  readonly now: () => Date;
};

type CheckCode =
  | 'reached'
  | 'host-unknown'
  | 'unreachable'
  | 'trusted'
  | 'no-tls'
  | 'certificate-ends-soon'
  | 'certificate-untrusted'
  | 'tls-failed'
  | 'key-not-refused'
  | 'key-refused'
  | 'key-not-set'
  | 'key-unusable'
  | 'understood'
  | 'throttled'
  | 'outage'
  | 'not-understood'
  | 'not-checked';

const MEND_ADDRESS =
  'Compare event-url in stages.yaml with the domain that you log in to Webex Campaign with; deploy.';

/** What each code means for whoever asked, and what is to be done. */
const MEANING: Readonly<Record<CheckCode, { readonly state: State; readonly next?: string }>> = {
  reached: { state: 'ok' },
  'host-unknown': { state: 'failed', next: MEND_ADDRESS },
  unreachable: {
    state: 'failed',
    next: 'Webex Campaign is down, the port is wrong, or a firewall is in the way: try from another network, ask Cisco.',
  },
  trusted: { state: 'ok' },
  'no-tls': { state: 'ok' },
  'certificate-ends-soon': {
    state: 'warning',
    next: 'Ask Cisco to renew it: after that day no event is sent.',
  },
  'certificate-untrusted': {
    state: 'failed',
    next: `Nothing is sent over it. ${MEND_ADDRESS} If it is right, a proxy stands between, or Cisco has to renew the certificate.`,
  },
  'tls-failed': {
    state: 'failed',
    next: `TLS 1.2 or newer is needed. ${MEND_ADDRESS} If it is right, a proxy stands between.`,
  },
  'key-not-refused': { state: 'ok' },
  'key-refused': {
    state: 'failed',
    next: `In Webex Campaign (Administration > Users & Roles > API Users): is the user enabled, also for the Event Campaign API? Else make a new key there and give it to "${INVOCATION} secrets rotate webex-campaign".`,
  },
  'key-not-set': { state: 'failed', next: `Set it: "${INVOCATION} secrets set webex-campaign".` },
  'key-unusable': {
    state: 'failed',
    next: `Put another in its place: "${INVOCATION} secrets set webex-campaign --replace".`,
  },
  understood: { state: 'ok' },
  throttled: {
    state: 'warning',
    next: 'Wait, and try again. If it stays so, ask Cisco for the limit and set events-per-second in stages.yaml below it.',
  },
  outage: {
    state: 'failed',
    next: 'Look at the status page of Webex Campaign, ask Cisco. Events wait, and go out by themselves. If events are delivered while this is answered: probe: event in stages.yaml, deploy.',
  },
  'not-understood': {
    state: 'failed',
    next: `This is not how the event API refuses a call without event id and event key. ${MEND_ADDRESS} If events are delivered all the same, a firewall keeps such calls out: probe: event in stages.yaml, deploy.`,
  },
  'not-checked': { state: 'not-checked' },
};

/**
 * Checks what every call of Webex Campaign needs: address, TLS, keys, and how the event API answers. It calls with each
 * key once, without event id and event key: no customer can get a message by it.
 * @param keys the keys in the secret; `undefined` where it is not set, a sentence where it cannot be used
 */
export async function checkWebexCampaign(
  eventUrl: string,
  keys: WebexKeys | string | undefined,
  { connect, call, now }: CheckDependencies,
): Promise<readonly Check[]> {
  const reached = await connect();
  const { hostname } = new URL(eventUrl);
  if (!reached.ok) {
    const { code, cause } = reached.failure;
    const sentence = code === 'host-unknown' ? `has no address (${cause})` : `cannot be reached (${cause})`;
    return [found('address', code, `${hostname} ${sentence}.`), ...notChecked('tls', 'key', 'answer')];
  }
  const address = found('address', 'reached', formatReached(hostname, reached.value));
  const tls = checkTls(reached.value.tls, now());
  if (tls.state === 'failed') return [address, tls, ...notChecked('key', 'answer')];
  return [address, tls, ...(await checkKeys(keys, call, now))];
}

function found(check: Check['check'], code: CheckCode, message: string): Check {
  return { check, code, message, ...MEANING[code] };
}

function notChecked(...checks: readonly Check['check'][]): readonly Check[] {
  return checks.map((check) => found(check, 'not-checked', 'Not checked, for what failed before.'));
}

function formatReached(hostname: string, { addresses, milliseconds }: Reached): string {
  const [first = hostname, ...others] = addresses;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return `${hostname} is ${first}${more}, and took a connection after ${Math.round(milliseconds)} ms.`;
}

const DAY_MILLISECONDS = 86_400_000;

/** Below this a certificate is reported: vendors renew theirs some weeks before. */
const SOON_DAYS = 14;

function checkTls(tls: Reached['tls'], now: Date): Check {
  if (tls === undefined) return found('tls', 'no-tls', 'None: the address is on this machine.');
  if (!tls.ok) {
    const { code, cause } = tls.failure;
    const sentence = code === 'tls-failed' ? 'No TLS connection' : 'The certificate is not trusted';
    return found('tls', code, `${sentence} (${cause}).`);
  }
  const { version, validUntil } = tls.value;
  const days = Math.floor((validUntil.getTime() - now.getTime()) / DAY_MILLISECONDS);
  const code = days < SOON_DAYS ? 'certificate-ends-soon' : 'trusted';
  const until = validUntil.toISOString().slice(0, 10);
  return found('tls', code, `${version}; the certificate is valid until ${until}, for ${days} days.`);
}

/** One call and what came of it. */
type Called = { readonly name: string; readonly verdict: Verdict; readonly signal: ProbeSignal };

async function checkKeys(
  keys: WebexKeys | string | undefined,
  call: CheckDependencies['call'],
  now: () => Date,
): Promise<readonly Check[]> {
  if (keys === undefined) {
    return [found('key', 'key-not-set', 'The secret has no key.'), ...notChecked('answer')];
  }
  if (typeof keys === 'string') {
    return [found('key', 'key-unusable', `The secret cannot be used (${keys}).`), ...notChecked('answer')];
  }
  const calls: Called[] = [];
  for (const [name, key] of Object.entries(keys)) {
    const verdict = classifyAttempt(await call(buildRequest(PROBE_PAYLOAD, key)), now());
    calls.push({ name, verdict, signal: judgeProbe(verdict) });
  }
  const answer = calls.find(({ signal }) => signal !== 'credentials-refused') ?? calls[0];
  return [...calls.map(checkKey), ...(answer === undefined ? [] : [checkAnswer(answer)])];
}

function checkKey({ name, verdict, signal }: Called): Check {
  switch (signal) {
    case 'healthy':
      return found(
        'key',
        'key-not-refused',
        `The ${name} key was not refused. An event proves it: fields may be checked before keys.`,
      );
    case 'credentials-refused':
      return found('key', 'key-refused', `The ${name} key was refused: ${formatAnswer(verdict)}.`);
    case 'throttled':
    case 'outage':
    case 'unknown':
      return found('key', 'not-checked', `Not known of the ${name} key, for how the call was answered.`);
  }
}

const CODE_OF: Readonly<Record<ProbeSignal, CheckCode>> = {
  healthy: 'understood',
  'credentials-refused': 'understood',
  throttled: 'throttled',
  outage: 'outage',
  unknown: 'not-understood',
};

const ANSWERED: Readonly<Record<ProbeSignal, string>> = {
  healthy: 'Webex Campaign has refused the call for its missing fields, as it has to',
  'credentials-refused': 'Webex Campaign has answered, and refused the key',
  throttled: 'Webex Campaign asks to be called less often',
  outage: 'Webex Campaign fails',
  unknown: 'Something else than the event API has answered',
};

function checkAnswer({ verdict, signal }: Called): Check {
  return found('answer', CODE_OF[signal], `${ANSWERED[signal]}: ${formatAnswer(verdict)}.`);
}

function formatAnswer(verdict: Verdict): string {
  const { answer, cause } = { cause: undefined, ...verdict };
  if (answer === undefined) return `no answer (${cause ?? 'unknown'})`;
  return `HTTP ${answer.status}${answer.code === undefined ? '' : `, code ${answer.code}`}`;
}
