import { describe, expect, test } from '@jest/globals';
import { warnOfOpenHandshakes } from '../../../../lib/mapping/examples/doubts.ts';
import { parseMappingFile } from '../../../../lib/mapping/file.ts';

function warningsOf(match: string, { authenticate = 'none', body = '{}' } = {}): readonly string[] {
  const text = `source: acme
verify: { encoding: hex, signature: { header: x-sig } }
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
    '{ method: POST, body: { /type: url_verification } }',
    '{ method: POST, body: { /challenge: "*" } }',
    '{ method: POST, headers: { X-Hook-Secret: "*" } }',
  ])('that none meets is none: %s', (match) => {
    expect(warningsOf(match)).toEqual([]);
  });

  test('is none where the signature is verified first', () => {
    expect(warningsOf('{ method: POST }', { authenticate: 'signature' })).toEqual([]);
  });
});
