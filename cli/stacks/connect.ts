import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { CheckDependencies, Reached } from '../../answers/check.ts';
import { causeOf } from '../../lambdas/adapters/webex-campaign.ts';
import { CALL_LIMITS } from '../../lambdas/deliver/event-api/caller.ts';
import { fail, succeed } from '../../lambdas/result.ts';

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
