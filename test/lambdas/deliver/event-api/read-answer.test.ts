import { describe, expect, test } from '@jest/globals';
import { readAnswer, SUCCESS_ID_FIELDS } from '../../../../lambdas/deliver/event-api/verdict.ts';

function read(body: unknown, fields: readonly string[] = SUCCESS_ID_FIELDS) {
  return readAnswer(typeof body === 'string' ? body : JSON.stringify(body), fields);
}

describe('the code of an answer', () => {
  test.each([
    [1001, '1001'],
    ['1001', '1001'],
    [' 430 ', '430'],
    [0, '0'],
    [999_999, '999999'],
  ])('%j is read as %j', (code, text) => {
    expect(read({ code })).toEqual({ code: text });
  });

  test.each([null, '', '  '])('%j is none', (code) => {
    expect(read({ code })).toEqual({});
  });

  test.each([{ a: 1 }, [1001], true, false, -1, 1.5, 'ann@example.com', '1000000', 'x1001', '1001x'])(
    '%j is there, and not quoted',
    (code) => {
      expect(read({ code })).toEqual({ code: 'unreadable' });
    },
  );
});

describe('the success id of an answer', () => {
  test.each([
    ['event_12345676543210', 'event_12345676543210'],
    [' event_1 ', 'event_1'],
  ])('%j is read as %j', (id, text) => {
    expect(read({ 'transaction-id': id })).toEqual({ transactionId: text });
  });

  test.each(['', '  ', 'null', ' NULL ', null, 0, 17, true, {}, ['event_1']])('%j is none', (id) => {
    expect(read({ 'transaction-id': id })).toEqual({});
  });

  test('is in the first member that holds one, of those that are asked for', () => {
    const body = { 'transaction-id': '', transid: 't-1', transactionid: 't-2' };

    expect(read(body)).toEqual({});
    expect(read(body, ['transaction-id', 'transactionid', 'transid'])).toEqual({ transactionId: 't-2' });
    expect(read({ 'transaction-id': 'event_1' }, ['transid'])).toEqual({});
  });

  test('stands beside a code, for the reader to judge', () => {
    expect(read({ 'transaction-id': 'event_1', code: 1002 })).toEqual({
      transactionId: 'event_1',
      code: '1002',
    });
  });
});

test.each(['', ' ', '<html>transaction-id</html>', '{"transaction-id":"ev', '[]', 'null', '"event_1"', '17'])(
  'a body such as %j says nothing',
  (body) => {
    expect(read(body)).toEqual({});
  },
);

test('what a body inherits is not what it says', () => {
  expect(read({}, ['constructor', 'toString', '__proto__'])).toEqual({});
});
