import { describe, expect, test } from '@jest/globals';
import { normaliseEventKey } from '../../../lambdas/map/event.ts';
import type { EventKeyMapping } from '../../../lambdas/map/mapping.ts';

const VALUE = '{% x %}';
const EMAIL: EventKeyMapping = { kind: 'email', value: VALUE, lowerCase: false };
const NUMBER: EventKeyMapping = { kind: 'msisdn', value: VALUE, plus: false };

async function normalise(mapping: EventKeyMapping, text: string): Promise<string | undefined> {
  const key = await normaliseEventKey(mapping, text);
  return key.ok ? key.value : undefined;
}

const LONG = 'a'.repeat(64);

// Inputs of isEmail's tests in validator.js (MIT), with and without display names, and our own after them.
describe('an e-mail address', () => {
  test.each([
    'foo@bar.com',
    'x@x.au',
    'foo@bar.com.au',
    'foo+bar@bar.com',
    'hans.m端ller@test.com',
    'hans@m端ller.com',
    'test|123@m端ller.com',
    'some.name.midd.leNa.me.and.locality+extension@GoogleMail.com',
    `${LONG}@${LONG.slice(1)}.com`,
    'test@1337.com',
    'Ann.Lee+shop@Example.com',
    "o'brien@example.ie",
    'null@example.com',
    'ann@sub.domain.example.museum',
    'ann@xn--mller-kva.de',
    'ann@example.xn--p1ai',
  ])('is sent as it is written: %s', async (text) => {
    expect(await normalise(EMAIL, text)).toBe(text);
  });

  test.each([
    ['Some Name <foo@bar.com>', 'foo@bar.com'],
    ['Some Name <hans@m端ller.com>', 'hans@m端ller.com'],
    ['Name🍓With🍑Emoji🚴‍♀️🏆<test@aftership.com>', 'test@aftership.com'],
    ['"<displayNameInBrackets>"<jh@gmail.com>', 'jh@gmail.com'],
    ['"\\"quotes\\""<jh@gmail.com>', 'jh@gmail.com'],
    ['"name;" <jh@gmail.com>', 'jh@gmail.com'],
    ['"Lee, Ann" <ann@example.com>', 'ann@example.com'],
    ['Some Name < foo@bar.co.uk >', 'foo@bar.co.uk'],
    ['    <jh@gmail.com>', 'jh@gmail.com'],
    ['mailto:ann@example.com', 'ann@example.com'],
    ['MAILTO:ann@example.com', 'ann@example.com'],
    ['\u200bann@example.com\ufeff', 'ann@example.com'],
    ['\u202aann@example.com\u202c', 'ann@example.com'],
    ['\u200b\u202aann@example.com\u202c\u200b', 'ann@example.com'],
    ['"mailto:" <ann@example.com>', 'ann@example.com'],
    ['a\u0301nn@example.com', '\u00e1nn@example.com'],
  ])('%j is sent as what is clearly meant: %s', async (text, address) => {
    expect(await normalise(EMAIL, text)).toBe(address);
  });

  test.each([
    'ann',
    'invalidemail@',
    'invalid.com',
    '@invalid.com',
    'a@b@c',
    'foo@bar.com.',
    'foo@_bar.com',
    'z@co.c',
    'somename@ｇｍａｉｌ.com',
    'ｇｍａｉｌｇｍａｉｌ@gmail.com',
    `${LONG}a@example.com`,
    `${LONG}@${LONG}.com`,
    `${LONG}@${'a'.repeat(251)}.com`,
    'test1@invalid.co m',
    'test12@invalid.co　m',
    'multiple..dots@stillinvalid.com',
    'test123+invalid! sub_address@gmail.com',
    'ends.with.dot.@gmail.com',
    'wrong()[]",:;<>@@gmail.com',
    'username@domain.com�',
    'username@domain.com©',
    'nbsp test@test.com',
    'nbsp_test@te st.com',
    '"foobar@gmail.com',
    '"foo"bar@gmail.com',
    // RFC 5321, 4.1.2, advises against quoted local parts; nobody has seen one work.
    '"foobar"@example.com',
    '"foo\\@bar"@example.com',
    'email@[123.123.123.123]',
    'email@123.123.123.123',
    'foobar@my_sarisari_store.typepad.com',
    "'Foo Bar, Esq'<foo@bar.com>",
    'Some Name <invalidemail@>',
    'Some Name <foo@bar.com.>',
    'Some Name foo@bar.co.uk.>',
    'Some Name <foo@bar.co.uk.',
    'Name foo@bar.co.uk',
    'Some Name <some..name@gmail.com>',
    'Some Name<emoji_in_address🍈@aftership.com>',
    '<displayNameInBrackets><jh@gmail.com>',
    'name;<jh@gmail.com>',
    'ann\u200b@example.com',
    'ann@example\u200b.com',
    'ann@exam\u00adple.com',
    'ann\u3164@example.com',
    'ann\ud83d@example.com',
    'ann@example.com,',
    'ann@example.com, bob@example.com',
    'ann@example.com;bob@example.com',
    'ann@example.com\nbob@example.com',
    'Ann <ann@example.com> <bob@example.com>',
    'mailto:ann@example.com?subject=x',
    'mailto:ann%2Bshop@example.com',
    'ann@localhost',
    'ann@-example.com',
    'ann@example-.com',
    'ann@example..com',
    'ann@example.123',
    'ann@exa%6dple.com',
    'ann@example。com',
    `Ann ${' '.repeat(500)}<ann@example.com>`,
  ])('is refused where it is none: %j', async (text) => {
    expect(await normaliseEventKey(EMAIL, text)).toEqual({ ok: false, failure: { kind: 'email' } });
  });

  test.each(['ann@example.1com', 'ann@example.com1', 'ann@mail.example.c0'])(
    'is refused where its domain ends in no name: %s',
    async (text) => {
      expect(await normalise(EMAIL, text)).toBeUndefined();
    },
  );

  test('is sent in lower case where that is asked for', async () => {
    expect(await normalise({ ...EMAIL, lowerCase: true }, 'Ann@Example.com')).toBe('ann@example.com');
    expect(await normalise({ ...EMAIL, lowerCase: true }, 'Ann')).toBeUndefined();
  });

  test('may have 254 characters, and no more', async () => {
    const domain = `${'a'.repeat(62)}.${'b'.repeat(62)}.${'c'.repeat(60)}`;

    expect(await normalise(EMAIL, `${LONG.slice(1)}@${domain}.de`)).toHaveLength(253);
    expect(await normalise(EMAIL, `${LONG}@${domain}.de`)).toHaveLength(254);
    expect(await normalise(EMAIL, `${LONG}@${domain}.com`)).toBeUndefined();
  });
});

// Inputs of Google's PhoneNumberUtilTest (Apache 2.0), each with its region, and our own after them.
describe('a phone number', () => {
  test.each([
    ['033316005', 'NZ', '6433316005'],
    ['03-331 6005', 'NZ', '6433316005'],
    ['03 331 6005', 'NZ', '6433316005'],
    ['0064 3 331 6005', 'NZ', '6433316005'],
    ['01164 3 331 6005', 'US', '6433316005'],
    ['+64 3 331 6005', 'US', '6433316005'],
    ['64(0)64123456', 'NZ', '6464123456'],
    ['301/23456', 'DE', '4930123456'],
    ['123-456-7890', 'US', '11234567890'],
    ['+1 (650) 253-0000', 'NZ', '16502530000'],
    ['1-650-253-0000', 'US', '16502530000'],
    ['\uff0b1 (650) 253-0000', 'SG', '16502530000'],
    ['1 (650) 253\u00ad-0000', 'US', '16502530000'],
    [
      '\uff0b\uff11\u3000\uff08\uff16\uff15\uff10\uff09\u3000\uff12\uff15\uff13\uff0d\uff10\uff10\uff10\uff10',
      undefined,
      '16502530000',
    ],
    ['+39 02-36618 300', 'NZ', '390236618300'],
    ['02-36618 300', 'IT', '390236618300'],
    ['0343 15 555 1212', 'AR', '5493435551212'],
    ['Tel: +64 3 331 6005', undefined, '6433316005'],
    ['+800 1234 5678', undefined, '80012345678'],
    ['+44 7400 123456', undefined, '447400123456'],
    ['+44 (0)7400 123456', undefined, '447400123456'],
    ['+49 151 23456789', undefined, '4915123456789'],
    ['tel:+1-212-555-0123', undefined, '12125550123'],
    ['TEL:+447400123456', undefined, '447400123456'],
    ['\u202a+44 7400 123456\u202c', undefined, '447400123456'],
    ['07400 123456', 'GB', '447400123456'],
    ['0151 23456789', 'DE', '4915123456789'],
    // Parts of these look like dates.
    ['+44 20 7946-09-58', undefined, '442079460958'],
    ['2079-46-0958', 'GB', '442079460958'],
    ['+44 20.79.46.0958', undefined, '442079460958'],
    ['20.79.460958', 'GB', '442079460958'],
  ])('%j (%s) is sent in E.164, without its plus: %s', async (text, region, number) => {
    const mapping = region === undefined ? NUMBER : { ...NUMBER, defaultRegion: region };

    expect(await normalise(mapping, text)).toBe(number);
    expect(await normalise({ ...mapping, plus: true }, text)).toBe(`+${number}`);
  });

  test.each([
    ['tel:03-331-6005;phone-context=+64', 'NZ'],
    ['03-331-6005;phone-context=+64', 'NZ'],
    ['tel:253-0000;phone-context=www.google.com', 'US'],
    ['+81 *2345', 'JP'],
    ['12', 'NZ'],
    ['0800 DDA 005', 'NZ'],
    ['0900 332 6005a', 'NZ'],
    ['0900 332 600a5', 'NZ'],
    ['++1 (650) 253-0000', 'PL'],
    ['(0xx) 1187654321', 'AR'],
    ['011xx5481429712', 'US'],
    ['03 331 6005 ext 3456', 'NZ'],
    ['03-3316005x3456', 'NZ'],
    ['03 3316005 #3456', 'NZ'],
    ['1800 six-flags', 'US'],
    ['+44 2034567890x456', 'GB'],
    ['+44 2034567890 X 456', 'GB'],
    ['+44-2034567890;ext=456', 'GB'],
    ['tel:+6433316005;ext=0', 'NZ'],
    ['(800) 901-3355 , ext 7246433', 'US'],
    ['(800) 901-3355 ; 7246433', 'US'],
    ['8 (423) 202-25-11, доб. 100', 'RU'],
    ['(212)123-1234 x508/x1234', 'US'],
    ['+12679000000,,123456789012345#', 'US'],
    ['12. March', 'US'],
    ['1+1+1', 'US'],
    ['80+0', 'US'],
    ['08-PIZZA', 'US'],
    ['07400 12345O', 'GB'],
    ['order 4711', 'GB'],
    ['order 4711', 'DE'],
    ['call me', 'GB'],
    ['call me on +44 7400 123456', 'GB'],
    ['+44 7400 123456 / +44 7400 123457', 'GB'],
    ['07400 123456, 07400 123457', 'GB'],
    ['+44 7400 123456 (home)', 'GB'],
    ['+44 tel: 7400 123456', 'GB'],
    ['2026-11-30', 'DE'],
    ['12/11/2026', 'DE'],
    ['12.11.2026', 'DE'],
    ['-7400123456', 'GB'],
    ['7.4e9', 'GB'],
    ['ann@example.com', 'GB'],
    ['sip:+447400123456@example.com', undefined],
    ['07400 123456', undefined],
    ['447400123456', undefined],
    ['+44 12', undefined],
    ['+999 123456789', undefined],
    [`+44${'1'.repeat(300)}`, undefined],
    [`+44 7400 123456${' '.repeat(1_000)}x`, undefined],
  ])('is refused where it is none: %j (%s)', async (text, region) => {
    const mapping = region === undefined ? NUMBER : { ...NUMBER, defaultRegion: region };

    expect(await normaliseEventKey(mapping, text)).toEqual({ ok: false, failure: { kind: 'msisdn' } });
  });

  test('of a region that there is not is taken as if none were given', async () => {
    expect(await normalise({ ...NUMBER, defaultRegion: 'XX' }, '+44 7400 123456')).toBe('447400123456');
  });
});

test.each([
  [EMAIL, 'ann@example.com'],
  [NUMBER, '+447400123456'],
])('a text of more than 500 characters is no %j, whatever is invisible of it', async (mapping, key) => {
  const padded = key.padStart(500, '\u200b');

  expect(await normalise(mapping, padded)).toBe(await normalise(mapping, key));
  expect(await normalise(mapping, `${padded}\u200b`)).toBeUndefined();
});

describe.each(['text', 'device', 'customer-id'] as const)('a key of kind %s', (kind) => {
  test('is sent as it is', async () => {
    expect(await normalise({ kind, value: VALUE }, 'cus_9 @ X')).toBe('cus_9 @ X');
  });

  test.each(['cus\u00009', 'cus_9\nX', 'cus\ud83d'])(
    'is refused with what cannot be sent: %j',
    async (text) => {
      expect(await normaliseEventKey({ kind, value: VALUE }, text)).toEqual({ ok: false, failure: { kind } });
    },
  );
});
