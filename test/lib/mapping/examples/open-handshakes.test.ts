import { describe, expect, test } from '@jest/globals';
import { profileOf, readRecipes } from '../../../../bin/vendors.ts';
import { findProfile, PROFILE_NAMES } from '../../../../lambdas/ingest/signature/profiles/profiles.ts';
import { warnOfOpenHandshakes } from '../../../../lib/mapping/examples/doubts.ts';
import { type MappingFile, parseMappingFile } from '../../../../lib/mapping/file.ts';

const SIGNED = '{ encoding: hex, signature: { header: x-sig } }';

function warningsOf(
  match: string,
  { authenticate = 'none', body = '{}', verify = SIGNED } = {},
): readonly string[] {
  const text = `source: acme
verify: ${verify}
event-type: { body: /type }
deduplication-id: { body: /id }
secret: webhooks/acme
handshakes:
  - match: ${match}
    authenticate: ${authenticate}
    respond: { status: 200 }
events:
  - name: one
    on: order.*
    event-id: evt_1
    event-key: "{% whom %}"
`;
  const file = parseMappingFile('mapping.yaml', text, { folder: 'acme' });
  if (!file.ok) throw new Error(file.failure.map(({ message }) => message).join());
  const headers = new Map([['content-type', 'application/json']]);
  const webhook = { rawBody: Buffer.from(body), headers, receivedAt: new Date(0) };
  return warnOfOpenHandshakes(file.value, [{ name: 'acme/one', webhook }]).map(
    ({ severity, line, message }) => `${severity} ${line}: ${message}`,
  );
}

describe('a handshake for strangers', () => {
  test.each([
    '{ method: POST }',
    '{ method: POST, headers: { Content-Type: application/xml } }',
    '{ method: POST, body: { /type: "*" } }',
    '{ method: POST, body: { /id: "*" } }',
    '{ method: POST, body: { /type: order.created } }',
  ])('that a real event could meet is a warning: %s', (match) => {
    expect(warningsOf(match)).toEqual([
      expect.stringMatching(/^warning 7: is met by .* which would be answered as a test and lost\./),
    ]);
  });

  test('that an example meets names it', () => {
    expect(warningsOf('{ method: POST, body: { /webhook_id: "*" } }', { body: '{"webhook_id":1}' })).toEqual([
      expect.stringContaining('the example acme/one'),
    ]);
  });

  test.each([
    '{ method: GET }',
    '{ method: POST, query: { challenge: "*" } }',
    '{ method: GET, headers: { X-Kind: challenge } }',
    '{ method: POST, body: { /challenge: "*" } }',
    '{ method: POST, headers: { X-Hook-Secret: "*" } }',
  ])('that none meets is none: %s', (match) => {
    expect(warningsOf(match)).toEqual([]);
  });

  test.each([
    '{ method: POST, body: { /type: url_verification } }',
    '{ method: POST, headers: { Twitch-Eventsub-Message-Type: webhook_callback_verification } }',
  ])('that is told by a fixed value is signed mostly, which is a warning: %s', (match) => {
    expect(warningsOf(match)).toEqual([
      expect.stringMatching(/^warning 8: lets anybody have the answer\. .* say authenticate: signature/),
    ]);
    expect(warningsOf(match, { authenticate: 'signature' })).toEqual([]);
    const verify = '{ kind: sharedSecret, sharedSecret: { in: header, name: x-token } }';
    expect(warningsOf(match, { verify })).toEqual([]);
  });

  test('of no profile and no recipe is a warning', () => {
    const profiles = PROFILE_NAMES.map((name) => findProfile(name));
    const all = [...profiles, ...readRecipes().map(profileOf)].filter((profile) => profile !== undefined);
    const problemAt = (_: readonly PropertyKey[], message: string) => ({ file: '', path: '', message });
    const warned = all.flatMap((profile) =>
      warnOfOpenHandshakes({ profile, events: [], problemAt } as unknown as MappingFile, []),
    );

    expect(all.length).toBeGreaterThan(70);
    expect(warned).toEqual([]);
  });

  test('is none where the signature is verified first', () => {
    expect(warningsOf('{ method: POST }', { authenticate: 'signature' })).toEqual([]);
  });
});
