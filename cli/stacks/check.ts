import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { type Command, Option } from 'commander';
import { type Check, type CheckDependencies, checkWebexCampaign, type Reached } from '../../answers/check.ts';
import {
  type Account,
  type AccountChoice,
  eventUrlOf,
  openAccount,
  PROJECT,
  type Project,
  projectOf,
} from '../../answers/project.ts';
import { causeOf, createEventApi } from '../../lambdas/adapters/webex-campaign.ts';
import { CALL_LIMITS } from '../../lambdas/deliver/event-api/caller.ts';
import type { WebexKeys } from '../../lambdas/deliver/event-api/keys.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { eventUrlSchema } from '../../lib/stages/stages.ts';
import { type CommandResult, example, refuse, run, withAccount } from '../command-line.ts';
import { findSecret, WEBEX_CAMPAIGN } from '../secrets/kind.ts';
import { type OpenSecret, openIn } from '../secrets/stored-secret.ts';

export function registerCheck(program: Command): void {
  withAccount(program.command('check'))
    .description('call Webex Campaign without messaging anybody: address, TLS, keys, and how it answers')
    .addOption(
      new Option(
        '--event-url <url>',
        'the event API (default: that of the stage in stages.yaml, or of the local run)',
      ),
    )
    .addHelpText('after', example('check', 'check --stack webhook-adapter-dev'))
    .action((options) => run(() => check(projectOf(PROJECT, options), options)));
}

type CheckOptions = AccountChoice & {
  readonly eventUrl?: string | undefined;
  readonly json?: boolean | undefined;
};

/** `adapter check`: says of each thing that a call of Webex Campaign needs whether it is well, and what to do if not. */
async function check(project: Project, options: CheckOptions): Promise<CommandResult> {
  const account = await openAccount(options);
  if (!account.ok) return refuse(account.failure);
  const eventUrl = findEventUrl(project, options, account.value);
  if (!eventUrl.ok) return refuse(eventUrl.failure);
  const kind = findSecret(project, WEBEX_CAMPAIGN);
  if (!kind.ok) return refuse(kind.failure);
  const opened = await openIn(account.value, kind.value);
  if (!opened.ok) return refuse(opened.failure);

  const checks = await checkWebexCampaign(eventUrl.value, keysOf(opened.value), {
    connect: createConnect(eventUrl.value),
    call: createEventApi(eventUrl.value),
    now: () => new Date(),
  });
  const exitCode = checks.some(({ state }) => state === 'failed') ? 1 : 0;
  if (options.json === true) return { text: JSON.stringify({ eventUrl: eventUrl.value, checks }), exitCode };
  return { text: [eventUrl.value, ...checks.map(formatCheck), ...whence(options)].join('\n'), exitCode };
}

function findEventUrl(
  project: Project,
  { eventUrl, stack }: CheckOptions,
  account: Account,
): Result<string, string> {
  const url = eventUrl ?? account.eventUrl ?? (stack === undefined ? undefined : eventUrlOf(project, stack));
  if (url === undefined) {
    return fail(`stages.yaml has no stage of the stack "${account.stackName}": give --event-url https://…`);
  }
  const parsed = eventUrlSchema.safeParse(url);
  return parsed.success
    ? succeed(parsed.data)
    : fail(parsed.error.issues.map(({ message }) => `--event-url: ${message}`).join('\n'));
}

function keysOf({ stored: { content, problem } }: OpenSecret): WebexKeys | string | undefined {
  const [primary, secondary] = content?.values ?? [];
  if (primary === undefined) return problem;
  return { primary, ...(secondary !== undefined && { secondary }) };
}

const MARKS: Readonly<Record<Check['state'], string>> = {
  ok: 'ok',
  warning: 'WARNING',
  failed: 'FAILED',
  'not-checked': '-',
};

function formatCheck({ check: name, state, message, next }: Check): string {
  const title = name === 'tls' ? 'TLS' : name;
  const line = `${MARKS[state].padEnd(7)}  ${title.padEnd(7)}  ${message}`;
  return next === undefined ? line : `${line}\n${' '.repeat(18)}${next}`;
}

/** Where Webex Campaign lets in some addresses alone, the answer here is not the answer there. */
function whence({ stack }: CheckOptions): readonly string[] {
  return stack === undefined ? [] : ['Called from this machine; the stack calls from AWS.'];
}

/** Connects to the host of a URL as a call would, and closes the connection again; nothing is sent over it. */
export function createConnect(url: string, milliseconds = CALL_LIMITS.connect): CheckDependencies['connect'] {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const isTls = protocol === 'https:';
  const target = { host, port: Number(port) || (isTls ? 443 : 80) };
  return async () => {
    const addresses = await lookup(host, { all: true }).catch(causeOf);
    if (typeof addresses === 'string') return fail({ code: 'host-unknown', cause: addresses });
    const startedAt = performance.now();
    const cause = await opened(connectTcp(target), 'connect', milliseconds);
    if (cause !== undefined) return fail({ code: 'unreachable', cause });
    return succeed({
      addresses: addresses.map(({ address }) => address),
      milliseconds: performance.now() - startedAt,
      ...(isTls && { tls: await lookAtTls(target, milliseconds) }),
    });
  };
}

/** Looks at the certificate before it is trusted or not, to say of both what it is. */
async function lookAtTls(
  { host, port }: { readonly host: string; readonly port: number },
  milliseconds: number,
): Promise<Reached['tls']> {
  const socket = connectTls({
    ...{ host, port, minVersion: 'TLSv1.2', rejectUnauthorized: false },
    ...(isIP(host) === 0 && { servername: host }),
  });
  let seen: Reached['tls'];
  socket.once('secureConnect', () => {
    seen = readTls(socket);
  });
  const cause = await opened(socket, 'secureConnect', milliseconds);
  return seen ?? fail({ code: 'tls-failed', cause: cause ?? 'closed' });
}

function readTls(socket: TLSSocket): Reached['tls'] {
  if (!socket.authorized) {
    // Node gives the code of the reason, whatever its type says.
    return fail({ code: 'certificate-untrusted', cause: String(socket.authorizationError) });
  }
  const validUntil = new Date(socket.getPeerCertificate().valid_to);
  return succeed({ version: socket.getProtocol() ?? 'TLS', validUntil });
}

/** Waits until a socket is open and closes it; returns why it did not open, if so. */
function opened(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  milliseconds: number,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const end = (cause?: string) => {
      clearTimeout(timer);
      resolve(cause);
      socket.destroy();
    };
    const timer = setTimeout(end, milliseconds, 'connect-timeout');
    socket.once(event, () => end());
    socket.on('error', (error) => end(causeOf(error)));
    socket.once('close', () => end('closed'));
  });
}
