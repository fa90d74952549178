import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { verifySignature } from '../../lambdas/ingest/signature/verify.ts';
import type { Profile } from '../../lambdas/ingest/source.ts';
import { parseMappingFile } from '../../lib/mapping/file.ts';
import { resolveVerify } from '../../lib/mapping/verify.ts';

const PAGE = readFileSync(new URL('../../docs/add-a-source.md', import.meta.url), 'utf8');

function blocksOf(language: string): readonly string[] {
  return [...PAGE.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, text = '']) => text);
}

/** A block of one-line alternatives is as many blocks as it has lines. */
const OPTIONS = blocksOf('yaml')
  .flatMap((text) => (/^(verify:.*\n){2,}/.test(text) ? text.trim().split('\n') : [text]))
  .filter((text) => /^(verify|handshakes|form):/m.test(text) && !text.startsWith('#'))
  .flatMap((text) => (text.match(/^form:/gm)?.length === 2 ? text.trim().split('\n') : [text]));

const SIGNED_BY_HAND = blocksOf('sh').filter((text) => text.includes('openssl'));

const [FOLDER = ''] = blocksOf('yaml');
const folder = parseMappingFile('mapping.yaml', FOLDER, { folder: 'acme' });

function profileOf(options: string): Profile {
  const { verify = 'stripe', ...beside } = parse(options);
  const profile = resolveVerify(verify, { 'event-type': { body: '/type' }, ...beside });
  if (!profile.ok) throw new Error(profile.failure.map(({ message }) => message).join());
  return profile.value;
}

describe('docs/add-a-source.md', () => {
  test('has a folder at its top that is in order', () => {
    expect(folder).toMatchObject({ ok: true, value: { source: 'acme' } });
  });

  test.each(OPTIONS)('has options that are taken: %s', (options) => {
    expect(() => profileOf(options)).not.toThrow();
  });

  test('has many of them', () => {
    expect(OPTIONS.length).toBeGreaterThan(12);
  });

  test('names each default as it is', () => {
    const { signature } = profileOf('verify: { encoding: hex, signature: { header: X-Acme } }');

    expect(signature).toEqual({
      ...{ kind: 'hmac', algorithm: 'sha256', secretEncoding: 'utf8', content: '{body}', encoding: 'hex' },
      signature: { header: 'x-acme' },
    });
    const kinds = { ecdsa: 'spki-base64', rsa: 'spki-base64', ed25519: 'base64' };
    for (const [kind, secretEncoding] of Object.entries(kinds)) {
      const options = `verify: { kind: ${kind}, encoding: hex, signature: { header: X-Acme } }`;
      expect(profileOf(options).signature).toMatchObject({ secretEncoding });
    }
  });
});

describe('what docs/add-a-source.md signs by hand', () => {
  const profiles = [
    folder.ok ? folder.value.profile : undefined,
    profileOf(OPTIONS.find((text) => text.includes('sha256=')) ?? ''),
  ];
  let profile: Profile | undefined;
  let secret = '';
  const server = createServer(async (message, response) => {
    const verified =
      profile &&
      verifySignature(profile.signature, {
        ...{ method: 'POST', query: '', receivedAt: new Date(), secrets: [secret] },
        headers: new Map(Object.entries(message.headers).map(([name, value]) => [name, String(value)])),
        rawBody: Buffer.concat(await message.toArray()),
      });
    response.end(`${message.url} ${JSON.stringify(verified)}`);
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => void server.close());

  test.each([0, 1])('block %d verifies, and a changed body does not', async (index) => {
    const block = SIGNED_BY_HAND[index] ?? '';
    profile = profiles[index];
    secret = /secret='?([^'\s]+( secret)?)/.exec(block)?.[1] ?? '';
    const { port } = server.address() as AddressInfo;
    const run = (script: string) => promisify(execFile)('sh', ['-c', script.replace(':8787', `:${port}`)]);

    const sent = await run(block);
    const changed = await run(block.replace('--data-binary "$body"', '--data-binary "$body "'));

    expect(sent.stdout).toBe('/webhooks/acme {"ok":true,"value":{"secretIndex":0}}');
    expect(changed.stdout).toContain('"ok":false');
  });

  test('is two blocks', () => {
    expect(SIGNED_BY_HAND).toHaveLength(2);
  });
});
