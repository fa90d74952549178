import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_DESCRIPTION_CHARACTERS, maskDescription } from '../../../../lambdas/deliver/event-api/mask.ts';

const SENT = {
  eventKey: 'cus_77',
  params: { name: 'Zoë Ümlaut', currency: 'EUR', attempt: '1', plan: 'Gold plan for teams' },
  key: 'secret-key',
};

describe('a description of the vendor’s', () => {
  test.each([
    ['Mandatory field is missing', 'Mandatory field is missing'],
    ['Event evt_10 is not active (code 1002)', 'Event evt_10 is not active (code 1002)'],
    ['No profile for cus_77', 'No profile for •••'],
    ['profile CUS_77x refused', 'profile •••x refused'],
    ['Dear Zoë, no EUR here', 'Dear •••, no ••• here'],
    ['unknown Gold plan for teams', 'unknown •••'],
    ['the Gold plan', 'the Gold plan'],
    ['token secret-key expired', 'token ••• expired'],
    ['mail to ann.b+c@example.co.uk, please', 'mail to •••, please'],
    ['mail to ann%40example.com', 'mail to •••'],
    ['number +44 7700 900123 or 12345', 'number +••• or 12345'],
    ['Zo\u200bë\u0007 and Zoe\u0308', '••• and •••'],
    ['reply to:ann@example.com', 'reply to:•••'],
    ['a:@ and :@:b@c', 'a:@ and :@:•••'],
    ['two\nlines\u2028here', 'twolineshere'],
    ['   ', ''],
  ])('%j is kept as %j', (description, kept) => {
    expect(maskDescription(description, SENT)).toBe(kept);
  });

  test('is cut only after it was masked, so that no beginning of a value is left at its end', () => {
    const long = `${'x'.repeat(MAX_DESCRIPTION_CHARACTERS - 3)} cus_77`;

    expect(maskDescription(long, SENT)).toBe(`${'x'.repeat(MAX_DESCRIPTION_CHARACTERS - 3)} ••`);
  });

  test('has no value that was sent, whatever it is and wherever it is quoted', () => {
    // The mask's own character could stand in a value as well.
    const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('•'));
    const value = text.filter((one) => [...one.trim()].length >= 3);
    fc.assert(
      fc.property(value, fc.dictionary(fc.string(), value), fc.array(text), (eventKey, params, around) => {
        const quoted = [eventKey, ...Object.values(params)];
        const pieces = around.flatMap((piece, index) => [piece, quoted[index % quoted.length] ?? '']);
        const kept = maskDescription([...pieces, eventKey].join(''), { eventKey, params, key: 'key' });

        for (const one of quoted) expect(kept).not.toContain(one.normalize('NFC'));
      }),
    );
  });

  test.each([
    ['Cyrillic text of 40,000 characters', 'Ж'.repeat(40_000)],
    ['text that grows when it is encoded', 'ﷺ 漢'.repeat(8_000)],
    ['a URL of 24,000 characters', `https://example.com/?${'a=(b)&'.repeat(4_000)}`],
    ['half a character', `\ud800${'\udc00ab'.repeat(3_000)}`],
    ['signs of regular expressions', '(?<x>[\\'.repeat(4_000)],
  ])('is masked whatever was sent: %s', (_, long) => {
    const kept = maskDescription(`no ${long}, no cus_77`, { ...SENT, params: { long } });

    expect(kept).toBe('no •••, no •••');
  });

  test('masks what overlaps, and the same letter in any case', () => {
    const params = { one: 'abcd', other: 'cdef', street: 'Kelvinweg', wide: 'ǅungla' };

    expect(maskDescription('abcdef; \u212aELVINWEG; ǆUNGLA', { ...SENT, params })).toBe('•••; •••; •••');
  });

  test.each([
    ['Hauptstraße', 'HAUPTSTRASSE'],
    ['Hauptstraße', 'HAUPTSTRAẞE'],
    ['Ambroſe', 'AMBROSE'],
    ['Kelvin', '\u212aelvin'],
  ])('masks %j written as %j', (value, quoted) => {
    const asOther = { ...SENT, params: { value } };

    expect(maskDescription(`no ${quoted}.`, asOther)).toBe('no •••.');
    expect(maskDescription(`no ${value}.`, { ...SENT, params: { value: quoted } })).toBe('no •••.');
  });

  test('masks each word of a value of three words, however they are spaced', () => {
    const params = { name: 'Anna  Maria Bell', plan: 'Gold plan for teams' };

    expect(maskDescription('Dear Maria, the plan is Gold', { ...SENT, params })).toBe(
      'Dear •••, the plan is Gold',
    );
  });

  test.each([
    ['short between spaces', ' x '],
    ['invisible', '\u200b\u200b\u200b'],
    ['invisible but for a space', '\u200b \u200b'],
  ])('masks nothing for a value that is %s', (_, value) => {
    const kept = maskDescription('the plan x is not known', { ...SENT, params: { value } });

    expect(kept).toBe('the plan x is not known');
  });

  test('of 64 KB is masked within a fraction of a second, whatever it holds', () => {
    for (const text of ['a', 'a%4', ':a', '1 ', 'a@', '@:']) {
      const started = performance.now();
      maskDescription(text.repeat(65_536 / text.length), SENT);
      expect(performance.now() - started).toBeLessThan(1_500);
    }
  });

  test('is short and of one line, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (description) => {
        const kept = maskDescription(description, SENT);

        expect([...kept].length).toBeLessThanOrEqual(MAX_DESCRIPTION_CHARACTERS);
        expect(kept).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }),
    );
  });
});
