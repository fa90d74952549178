import { EventEmitter } from 'node:events';
import type { ClientRequest } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { causeOf, createEventApi, watchConnection } from '../../../lambdas/adapters/webex-campaign.ts';
import { buildRequest, CALL_LIMITS } from '../../../lambdas/deliver/event-api/caller.ts';
import { type MisbehavingServer, onRequest, reset, startTlsServer } from './misbehaving-server.ts';
import { trustCertificate } from './trusted-certificate.ts';

const REQUEST = buildRequest('{"event-key":"Zoë"}', 'key-1');
const LIMITS = { ...CALL_LIMITS, connect: 500, total: 1_000 };
const TRUSTED = trustCertificate();
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}';

let server: MisbehavingServer | undefined;

afterEach(() => server?.stop());

async function answering(answer: (socket: TLSSocket, number: number) => void): Promise<MisbehavingServer> {
  server = await startTlsServer(TRUSTED, (socket) => onRequest(socket, (number) => answer(socket, number)));
  return server;
}

describe('a connection that is kept', () => {
  test('serves the next call, and calls at the same time have one each', async () => {
    const { url, connections } = await answering((socket) => socket.write(ANSWER));
    const call = createEventApi(url, LIMITS);

    await call(REQUEST);
    await call(REQUEST);
    expect(connections()).toBe(1);
    await Promise.all([call(REQUEST), call(REQUEST), call(REQUEST)]);
    expect(connections()).toBe(3);
  });

  test('is not used again after it has been idle for too long', async () => {
    const { url, connections } = await answering((socket) => socket.write(ANSWER));
    const call = createEventApi(url, { ...LIMITS, idle: 60 });

    await call(REQUEST);
    await call(REQUEST);
    expect(connections()).toBe(1);
    await pause(80);
    expect(await call(REQUEST)).toMatchObject({ kind: 'answered' });
    expect(connections()).toBe(2);
  });

  test('and that the server has closed while it was idle is not used again', async () => {
    const { url, connections } = await answering((socket) => {
      socket.write(ANSWER);
      setTimeout(() => socket.end(), 20);
    });
    const call = createEventApi(url, LIMITS);

    for (let calls = 1; calls <= 3; calls += 1) {
      expect(await call(REQUEST)).toMatchObject({ kind: 'answered' });
      await pause(60);
      expect(connections()).toBe(calls);
    }
  });

  test('and that the server closed unnoticed, the process standing still, is not used again', async () => {
    const { url } = await answering((socket) => socket.end(ANSWER));
    const call = createEventApi(url, LIMITS);

    // Each call begins in the same breath in which the one before ends.
    for (let calls = 0; calls < 50; calls += 1)
      expect(await call(REQUEST)).toMatchObject({ kind: 'answered' });
  });

  test('and on which the next request is never read leaves that request unclear', async () => {
    const { url, connections } = await answering((socket, number) => {
      if (number === 1) socket.write(ANSWER);
      else reset(socket);
    });
    const call = createEventApi(url, LIMITS);

    expect(await call(REQUEST)).toMatchObject({ kind: 'answered' });
    expect(await call(REQUEST)).toEqual({ kind: 'no-answer', cause: 'ECONNRESET' });
    expect(connections()).toBe(1);
    expect(await call(REQUEST)).toMatchObject({ kind: 'answered' });
  });
});

describe('whether any of a request can have left', () => {
  /** A request and its socket as far as they are watched. */
  function watch({ reusedSocket = false, bytesBefore = 0 }) {
    const socket = Object.assign(new EventEmitter(), { bytesWritten: bytesBefore });
    const destroyed: Error[] = [];
    const request = Object.assign(new EventEmitter(), {
      reusedSocket,
      destroy: (error: Error) => destroyed.push(error),
    });
    const limits = { connect: 30, total: 60 };
    const watched = watchConnection(request as unknown as ClientRequest, 'secureConnect', limits);
    return { socket, request, destroyed, ...watched };
  }

  test('is excluded before there is a socket, and before it is ready, whatever it was given', () => {
    const { socket, request, failureKind, stop } = watch({});
    expect(failureKind()).toBe('not-sent');
    request.emit('socket', socket);
    socket.bytesWritten = 300;
    socket.emit('connect');

    expect(failureKind()).toBe('not-sent');
    socket.emit('secureConnect');
    expect(failureKind()).toBe('no-answer');
    stop();
  });

  test('is excluded on a kept connection that took not one byte of it, and on no other', () => {
    const { socket, request, failureKind, stop } = watch({ reusedSocket: true, bytesBefore: 300 });
    request.emit('socket', socket);

    expect(failureKind()).toBe('not-sent');
    socket.bytesWritten = 301;
    expect(failureKind()).toBe('no-answer');
    stop();
  });

  test('is not what a connection that is ready waits for: it is late only for the answer', async () => {
    const { socket, request, destroyed, stop } = watch({ reusedSocket: true });
    request.emit('socket', socket);
    await pause(45);
    expect(destroyed).toEqual([]);
    await pause(45);
    expect(destroyed.map(causeOf)).toEqual(['timeout']);
    stop();
  });

  test('is no longer watched once the call is over', async () => {
    const { destroyed, stop } = watch({});
    stop();
    await pause(90);

    expect(destroyed).toEqual([]);
  });
});

test('the cause of a failure is its code, or else the name of its kind: a message may quote what was sent', () => {
  expect(causeOf(Object.assign(new Error('Bearer key-1'), { code: 'EPIPE' }))).toBe('EPIPE');
  expect(causeOf(Object.assign(new TypeError('Bearer key-1'), { code: 7 }))).toBe('TypeError');
  expect(causeOf(new TypeError('Bearer key-1'))).toBe('TypeError');
});
