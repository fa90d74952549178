import { afterEach, describe, expect, test } from '@jest/globals';
import { createCertificate } from '../../../bench/stub/self-signed-certificate.ts';
import { createConnect } from '../../../cli/stacks/check.ts';
import {
  type MisbehavingServer,
  startTcpServer,
  startTlsServer,
} from '../../lambdas/adapters/misbehaving-server.ts';
import { trustCertificate } from '../../lambdas/adapters/trusted-certificate.ts';

const TRUSTED = trustCertificate();
const LIMIT = 500;

const servers: MisbehavingServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map(({ stop }) => stop()));
});

async function started(starting: Promise<MisbehavingServer>): Promise<MisbehavingServer> {
  const server = await starting;
  servers.push(server);
  return server;
}

const connect = (url: string) => createConnect(url, LIMIT)();

describe('a connection that is only looked at', () => {
  test('says where it leads, with which TLS, and until when the certificate is valid', async () => {
    const server = await started(startTlsServer(TRUSTED, () => {}));

    expect(await connect(server.url)).toEqual({
      ok: true,
      value: {
        addresses: ['127.0.0.1'],
        milliseconds: expect.any(Number),
        tls: { ok: true, value: { version: 'TLSv1.3', validUntil: expect.any(Date) } },
      },
    });
    expect(server.received()).toBe('');
  });

  test('says nothing of TLS where the address has none', async () => {
    const { url } = await started(startTcpServer(() => {}));
    const reached = await connect(url.replace('https:', 'http:'));

    expect(reached).toMatchObject({ ok: true, value: { addresses: ['127.0.0.1'] } });
    expect(reached.ok && reached.value.tls).toBeUndefined();
  });

  test('names the reason for which a certificate is not trusted', async () => {
    const { url } = await started(startTlsServer(createCertificate(), () => {}));

    expect(await connect(url)).toMatchObject({
      ok: true,
      value: {
        tls: {
          ok: false,
          failure: { code: 'certificate-untrusted', cause: expect.stringMatching(/^[A-Z_]+$/) },
        },
      },
    });
  });

  test('says so where the other end speaks another protocol, an old TLS, or nothing', async () => {
    const speaking = await started(
      startTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    );
    const old = await started(
      startTlsServer({ ...TRUSTED, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }, () => {}),
    );
    const silent = await started(startTcpServer((socket) => socket.resume()));

    for (const { url } of [speaking, old, silent]) {
      expect(await connect(url)).toMatchObject({ value: { tls: { failure: { code: 'tls-failed' } } } });
    }
  });

  test('fails where the host has no address, or nobody listens', async () => {
    expect(await connect('https://nowhere.invalid/events')).toMatchObject({
      ok: false,
      failure: { code: 'host-unknown' },
    });
    const { url, stop } = await startTcpServer(() => {});
    await stop();
    expect(await connect(url)).toEqual({
      ok: false,
      failure: { code: 'unreachable', cause: 'ECONNREFUSED' },
    });
  });
});
