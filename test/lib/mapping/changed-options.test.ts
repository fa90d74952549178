import { describe, expect, test } from '@jest/globals';
import { resolveVerify } from '../../../lib/mapping/verify.ts';

function signatureOf(verify: object): object | string {
  const resolved = resolveVerify(verify);
  return resolved.ok ? resolved.value.signature : resolved.failure.map(({ message }) => message).join('; ');
}

describe('a profile with some options changed', () => {
  test('keeps all other options, those beside a changed one included', () => {
    expect(signatureOf({ profile: 'stripe', timestamp: { toleranceSeconds: 10 } })).toMatchObject({
      timestamp: {
        header: 'stripe-signature',
        split: ',',
        pick: '^t=(.*)$',
        format: 'unix',
        toleranceSeconds: 10,
      },
      signature: { header: 'stripe-signature', pick: '^v1=(.+)$' },
      content: '{timestamp}.{body}',
    });
    expect(signatureOf({ profile: 'github', signature: { header: 'X-Other' } })).toMatchObject({
      signature: { header: 'x-other', pick: '^sha256=(.+)$' },
    });
    expect(signatureOf({ profile: 'mailchimp', sharedSecret: { name: 'key' } })).toMatchObject({
      sharedSecret: { in: 'query', name: 'key' },
    });
  });

  test('loses an option that is null', () => {
    expect(signatureOf({ profile: 'github', signature: { pick: null } })).toMatchObject({
      signature: { header: 'x-hub-signature-256' },
    });
    expect(signatureOf({ profile: 'svix', secretPrefix: null })).not.toHaveProperty('secretPrefix');
    expect(signatureOf({ profile: 'stripe', timestamp: null, content: '{body}' })).not.toHaveProperty(
      'timestamp',
    );
  });

  test('has nothing of the old place where a value stands elsewhere', () => {
    expect(signatureOf({ profile: 'github', signature: { query: 'sig' } })).toMatchObject({
      signature: { query: 'sig' },
    });
    expect(signatureOf({ profile: 'gitlab', sharedSecret: { in: 'basic' } })).toMatchObject({
      sharedSecret: { in: 'basic' },
    });
  });
});
