import { describe, expect, test } from '@jest/globals';
import { webexKeysSchema } from '../../lambdas/deliver/webex-keys.ts';
import { parseSecret } from '../../lambdas/secret.ts';

function read(value: unknown) {
  return parseSecret('webex-campaign', JSON.stringify(value), webexKeysSchema);
}

describe('the keys of Webex Campaign', () => {
  test.each([{ primary: '!key~' }, { primary: 'a', secondary: 'b' }])('may be %j', (keys) => {
    expect(read(keys)).toEqual({ ok: true, value: keys });
  });

  test.each([
    [{}, '/primary:'],
    [{ primary: '' }, '/primary: expected a key of visible ASCII characters'],
    [{ primary: ' key' }, '/primary: expected a key of visible ASCII characters'],
    [{ primary: 'key\n' }, '/primary: expected a key of visible ASCII characters'],
    [{ primary: 'ké' }, '/primary: expected a key of visible ASCII characters'],
    [{ primary: 'a', secondary: '' }, '/secondary: expected a key of visible ASCII characters'],
    [{ primary: 'a', tertiary: 'c' }, 'tertiary'],
  ])('may not be %j', (keys, problem) => {
    expect(read(keys)).toMatchObject({
      ok: false,
      failure: { code: 'secret-invalid', problems: [expect.stringContaining(problem)] },
    });
  });
});
