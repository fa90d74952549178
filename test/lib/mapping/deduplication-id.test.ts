import { describe, expect, test } from '@jest/globals';
import { warnOfRepeatedFacts } from '../../../lib/mapping/examples/doubts.ts';
import { parseMappingFile } from '../../../lib/mapping/file.ts';
import { resolveMapping } from '../../../lib/mapping/schema.ts';

const EVENT = { name: 'created', on: 'orders/create', 'event-id': 'evt_1', 'event-key': '{% email %}' };

/** A mapping file with one event; `beside` is what the file says beside it. */
function parse(event: object, beside: object = {}) {
  const events = [{ ...EVENT, ...event }];
  const file = { source: 'shop', verify: 'shopify', secret: 'webhooks/shop', ...beside, events };
  return parseMappingFile('mapping.yaml', JSON.stringify(file), { folder: 'shop' });
}

function problems(id: string, beside: object = {}): readonly string[] {
  const file = parse({ 'deduplication-id': id }, beside);
  return file.ok ? [] : file.failure.map(({ path, message }) => `${path} ${message}`);
}

function warnings(on: string | readonly string[], id: string, beside: object = {}) {
  const file = parse({ on, 'deduplication-id': id }, beside);
  return file.ok ? warnOfRepeatedFacts(file.value) : file.failure;
}

const SIGNED_HEADERS = {
  'event-type': { body: '/type' },
  verify: {
    encoding: 'hex',
    signature: { header: 'X-Sig' },
    id: { header: 'X-Id' },
    content: '{id}.{header:X-Shop}.{body}',
  },
};

describe('the deduplication id of an event', () => {
  test.each([
    ['{% id %}', {}],
    ['{% admin_graphql_api_id %}', {}],
    ["{% id & ':' & updated_at %}", {}],
    ['{% $key %}', { let: { key: '{% id %}' } }],
    ['{% $headers.`x-id` %}', SIGNED_HEADERS],
    ['{% $headers.`x-shop` & id %}', SIGNED_HEADERS],
    ['{% MessageSid %}', { verify: 'twilio' }],
  ])('may be %s in %j', (id, beside) => {
    expect(problems(id, beside)).toEqual([]);
  });

  test.each([
    ['id', {}, 'expected an expression: "{% … %}"'],
    ['{% idd( %}', {}, 'is not valid JSONata at character'],
    ['{% $item.id %}', {}, '$item stands for an item of "items", which this has not'],
    [
      '{% $headers.`x-shopify-event-id` %}',
      {},
      'the header x-shopify-event-id is not signed: whoever has caught a webhook could send it under another id.',
    ],
    ['{% $event %}', { let: { event: '{% $headers.`x-event` %}' } }, 'the header x-event is not signed'],
    ['{% $headers.`x-time` %}', SIGNED_HEADERS, 'the header x-time is not signed'],
    ["{% id & ':' & $receivedAt %}", {}, '$receivedAt differs at every delivery.'],
    ["{% 'always' %}", {}, 'is the same for every webhook, so that all of them would be one event.'],
    ['{% $source %}', {}, 'is the same for every webhook'],
    ['{% id %}', { verify: 'mailchimp' }, 'a shared secret proves who sent the webhook'],
    [
      '{% id %}',
      { verify: 'chargebee' },
      'That one may be read from such a body, by deduplication-id at the top of the file.',
    ],
    ['{% id %}', { verify: 'mailgun' }, 'Mailgun signs a timestamp and a token'],
    ['{% id %}', { verify: 'adyen-standard' }, 'Adyen signs eight members of an item'],
  ])('may not be %s in %j', (id, beside, message) => {
    expect(problems(id, beside)).toEqual([expect.stringContaining(message)]);
    expect(problems(id, beside)[0]).toMatch(/^events\[0\]\.deduplication-id /);
  });

  test.each([
    ['{% items[$headers.`x-kind` = kind] %}', 'the header x-kind is not signed'],
    ['{% items.{"id": $receivedAt} %}', '$receivedAt differs at every delivery.'],
  ])('may not be of an item of %s', (items, message) => {
    const refused = (event: object, beside?: object) => {
      const file = parse({ items, ...event }, beside);
      return file.ok ? [] : file.failure.map((problem) => `${problem.path} ${problem.message}`);
    };
    const problem = [expect.stringContaining(`events[0].items ${message}`)];

    expect(refused({ 'deduplication-id': '{% $item.id %}' })).toEqual(problem);
    expect(refused({}, { verify: 'hubspot-v3' })).toEqual(problem);
    expect(refused({})).toEqual([]);
  });

  test('is the name of a parameter like others', () => {
    const file = parse({ 'event-params': { 'deduplication-id': '{% $receivedAt %}' } });

    expect(file.ok).toBe(true);
  });

  test('is checked where all events have it in common', () => {
    const file = parse({}, { defaults: { 'deduplication-id': '{% $receivedAt %}' } });

    expect(!file.ok && file.failure.map(({ path }) => path)).toEqual(['defaults.deduplication-id']);
  });

  test('wins over that of the defaults', () => {
    const defaults = { 'deduplication-id': '{% id %}' };
    const idOf = (event: object) => {
      const file = parse(event, { defaults });
      return file.ok && resolveMapping(file.value, 'dev').events[0]?.['deduplication-id'];
    };

    expect(idOf({})).toBe('{% id %}');
    expect(idOf({ 'deduplication-id': '{% token %}' })).toBe('{% token %}');
  });
});

describe('an id of an object', () => {
  test.each([
    ['orders/updated', '{% id %}'],
    ['orders/edited', '{% admin_graphql_api_id %}'],
    ['contact.propertyChange', '{% objectId %}'],
    ['invoice.payment_failed', '{% data.object.id %}'],
    ['orders/updated', '{% $object %}'],
  ])('is warned of where facts of type %s can happen to it again: %s', (on, id) => {
    expect(warnings(on, id, { let: { object: '{% id %}' } })).toMatchObject([
      {
        path: 'events[0].deduplication-id',
        severity: 'warning',
        message: expect.stringMatching(/^"\S+" can happen to one object again/),
      },
    ]);
  });

  test.each([['orders/*'], [['orders/create', 'orders/cancelled']]])(
    'is warned of where several types are of it: %j',
    (on) => {
      expect(warnings(on, '{% id %}')).toMatchObject([
        { severity: 'warning', message: expect.stringContaining('several types may be of one object') },
      ]);
    },
  );

  test('is warned of at the event where all have it in common', () => {
    const file = parse({ on: 'orders/updated' }, { defaults: { 'deduplication-id': '{% id %}' } });

    expect(file.ok && warnOfRepeatedFacts(file.value)).toMatchObject([{ path: 'events[0].on' }]);
  });

  test.each([
    ['orders/create', '{% id %}'],
    ['orders/updated', "{% id & ':' & updated_at %}"],
    ['orders/updated', "{% id & ':' & version %}"],
    ['contact.propertyChange', "{% objectId & ':' & occurredAt %}"],
    ['contact.propertyChange', '{% eventId %}'],
    ['orders/*', "{% id & ':' & type %}"],
    ['orders/*', '{% event_id %}'],
  ])('is right for %s by %s', (on, id) => {
    expect(warnings(on, id)).toEqual([]);
  });

  test('is no matter where there is none', () => {
    const file = parse({ on: 'orders/updated' });

    expect(file.ok && warnOfRepeatedFacts(file.value)).toEqual([]);
  });
});
