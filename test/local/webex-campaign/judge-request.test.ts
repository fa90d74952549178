import { describe, expect, test } from '@jest/globals';
import {
  EVENT_PATH,
  judgeRequest,
  type ReceivedRequest,
  type Tenant,
} from '../../../local/webex-campaign/judge.ts';

const EVENT = { 'event-id': 'evt_1', 'event-key': '44839382928', 'event-params': { firstname: 'joe' } };

const TENANT: Tenant = {
  keys: ['key-1', 'key-2'],
  keysWithoutEventApi: ['key-of-another-api'],
  eventIdsWithoutRecommendation: ['evt_none'],
  failureStatus: 200,
};

function judge(changes: Partial<ReceivedRequest>, tenant: Partial<Tenant> = {}) {
  const request = {
    method: 'POST',
    path: EVENT_PATH,
    authorization: 'Bearer key-1',
    contentType: 'application/json',
    body: JSON.stringify(EVENT),
    ...changes,
  };
  const { status, body } = judgeRequest(request, { ...TENANT, ...tenant }, 'event_1');
  return { status, ...JSON.parse(body) };
}

function withEvent(changes: object): Partial<ReceivedRequest> {
  return { body: JSON.stringify({ ...EVENT, ...changes }) };
}

function parameters(count: number, value: unknown = 'x'): object {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, value]));
}

describe('the simulator accepts', () => {
  test.each([
    ['the example of the contract', {}],
    ['the second key', { authorization: 'Bearer key-2' }],
    ['an event without parameters', withEvent({ 'event-params': undefined })],
    ['400 parameters', withEvent({ 'event-params': parameters(400) })],
    ['a content type with a charset', { contentType: 'application/json; charset=utf-8' }],
  ])('%s', (_, request) => {
    expect(judge(request)).toEqual({ status: 200, 'transaction-id': 'event_1' });
  });
});

describe('a simulated tenant whose event definitions are known', () => {
  const definitions = new Map([
    ['evt_1', { mandatory: ['firstname'], hasRecommendation: true }],
    ['evt_2', { mandatory: [], hasRecommendation: false }],
  ]);
  const judgeKnown = (event: object) => judge(withEvent(event), { definitions });

  test('accepts an event that has its mandatory parameters', () => {
    expect(judgeKnown({})).toMatchObject({ status: 200, 'transaction-id': 'event_1' });
  });

  test.each([
    [
      'an event without a mandatory parameter',
      { 'event-params': { lastname: 'x' } },
      1002,
      'Mandatory parameter is missing: firstname',
    ],
    [
      'an event without any parameters',
      { 'event-params': undefined },
      1002,
      'Mandatory parameter is missing: firstname',
    ],
    ['an id that no definition has', { 'event-id': 'evt_9' }, 1002, 'Event id is not known'],
    [
      'an event whose definition has no recommendation',
      { 'event-id': 'evt_2' },
      1003,
      'No recommendation available',
    ],
  ])('refuses %s', (_, event, code, description) => {
    expect(judgeKnown(event)).toMatchObject({ code, description });
  });

  test('knows any id, where no definitions are known', () => {
    expect(judge(withEvent({ 'event-id': 'evt_9' }))).toMatchObject({ 'transaction-id': 'event_1' });
  });
});

describe('the simulator refuses, whatever the switch,', () => {
  test.each([
    ['another path', { path: '/elsewhere' }, 404, 404],
    ['another method', { method: 'GET' }, 405, 405],
    ['no key', { authorization: undefined }, 401, 498],
    ['an unknown key', { authorization: 'Bearer key-9' }, 401, 498],
    ['another scheme', { authorization: 'Basic key-1' }, 401, 498],
    ['a key without the Event Campaign API', { authorization: 'Bearer key-of-another-api' }, 401, 430],
  ])('%s', (_, request, status, code) => {
    expect(judge(request)).toMatchObject({ status, code });
    expect(judge(request, { failureStatus: 500 })).toMatchObject({ status, code });
  });
});

describe.each([200, 500] as const)('the simulator refuses with HTTP %d', (failureStatus) => {
  test.each([
    ['what is not JSON', { body: '{' }, 1001],
    ['a list', { body: '[]' }, 1001],
    ['another content type', { contentType: 'text/plain' }, 1001],
    ['parameters that are no object', withEvent({ 'event-params': 'x' }), 1001],
    ['401 parameters', withEvent({ 'event-params': parameters(401) }), 1001],
    ['more than 24,000 bytes', withEvent({ 'event-params': { text: 'é'.repeat(12_000) } }), 1001],
    ['a missing event id', withEvent({ 'event-id': undefined }), 1002],
    ['an empty event key', withEvent({ 'event-key': '' }), 1002],
    ['an event key that is no text', withEvent({ 'event-key': 5 }), 1002],
    ['a null value', withEvent({ 'event-params': parameters(1, null) }), 500],
    ['the value "null"', withEvent({ 'event-params': parameters(1, 'null') }), 500],
    ['the value "NULL"', withEvent({ 'event-params': parameters(1, 'NULL') }), 500],
    ['an event that has no recommendation', withEvent({ 'event-id': 'evt_none' }), 1003],
  ])('%s', (_, request, code) => {
    expect(judge(request, { failureStatus })).toEqual({
      status: failureStatus,
      code,
      description: expect.any(String),
    });
  });
});

test('the simulator may check fields before the key, and lets no event in without one', () => {
  const stranger = { authorization: 'Bearer key-9' };

  expect(judge({ ...stranger, body: '{}' }, { checksFieldsFirst: true })).toMatchObject({ code: 1002 });
  expect(judge(stranger, { checksFieldsFirst: true })).toMatchObject({ status: 401, code: 498 });
  expect(judge({ ...stranger, body: '{}' })).toMatchObject({ status: 401, code: 498 });
});
