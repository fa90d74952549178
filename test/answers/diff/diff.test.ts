import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ChangeClass } from '../../../answers/diff/change.ts';
import { type Change, diffMappings, type MessageDiff } from '../../../answers/diff/diff.ts';
import type { ComparedWebhook, SideSource } from '../../../answers/diff/outcome.ts';
import { identifyWebhook } from '../../../lambdas/ingest/identity.ts';
import { type PreviewedWebhook, previewBy } from '../../../lib/mapping/examples/example.ts';
import { parseMappingFile } from '../../../lib/mapping/file.ts';
import { resolveMapping } from '../../../lib/mapping/schema.ts';

type Members = Readonly<Record<string, unknown>>;

const PAID: Members = {
  name: 'paid',
  on: 'order.paid',
  'event-id': 'evt_1',
  'event-key': '{% email %}',
  'event-params': { amount: '{% amount %}' },
};

/** A source with these events; `more` stands at the top of its file. */
function side(events: readonly Members[], more: Members = {}, stage = ''): SideSource {
  const written = { source: 'shop', verify: 'standard-webhooks', secret: 'webhooks/shop', ...more, events };
  const file = parseMappingFile('mapping.yaml', JSON.stringify(written), { folder: String(written.source) });
  if (!file.ok) throw new Error(JSON.stringify(file.failure));
  return { profile: file.value.profile, mapping: resolveMapping(file.value, stage) };
}

const BODY: Members = { type: 'order.paid', email: 'ann@example.com', amount: '30.00', lines: [] };

function webhook(body: Members = {}, more: Partial<ComparedWebhook> = {}): ComparedWebhook {
  const headers = new Map([
    ['content-type', 'application/json'],
    ['webhook-id', 'msg_1'],
  ]);
  const receivedAt = new Date('2026-01-01T00:00:00Z');
  const rawBody = Buffer.from(JSON.stringify({ ...BODY, ...body }));
  return {
    name: 'shop/paid',
    from: 'example',
    source: 'shop',
    webhook: { rawBody, headers, receivedAt },
    ...more,
  };
}

async function diff(
  before: SideSource | undefined,
  after: SideSource | undefined,
  webhooks: readonly ComparedWebhook[] = [webhook()],
): Promise<readonly MessageDiff[]> {
  const comparison = { stages: ['prod'], before: before ? [before] : [], after: after ? [after] : [] };
  return diffMappings([comparison], webhooks);
}

/** The changes of all messages, each as its class and subject. */
function classesOf(messages: readonly MessageDiff[]): readonly string[] {
  return messages.flatMap(({ changes }) =>
    changes.map(({ class: name, subject }) => [name, subject].filter(Boolean).join(' ')),
  );
}

function only(messages: readonly MessageDiff[], name: ChangeClass): Change {
  const found = messages.flatMap(({ changes }) => changes).filter((change) => change.class === name);
  expect(found).toHaveLength(1);
  return found[0] as Change;
}

describe('diffMappings', () => {
  test('finds nothing between a mapping and itself', async () => {
    expect(await diff(side([PAID]), side([PAID]))).toEqual([]);
  });

  test.each<[string, Members, Members, readonly string[]]>([
    ['a condition that is no longer met', {}, { when: '{% amount = "31.00" %}' }, ['no-longer-sent']],
    ['a condition that is met now', { when: '{% amount = "31.00" %}' }, {}, ['newly-sent']],
    ['another type', {}, { on: 'order.sent' }, ['no-longer-sent']],
    ['a shorter age', { 'event-time': '2025-12-31T00:00:00Z' }, {}, []],
    ['a key that is not there', {}, { 'event-key': '{% mail %}' }, ['newly-rejected event-key-missing']],
    ['another key', {}, { 'event-key': '{% $uppercase(email) %}' }, ['other-person']],
    ['another event definition', {}, { 'event-id': 'evt_2' }, ['other-definition']],
    [
      'a parameter more',
      {},
      { 'event-params': { amount: '{% amount %}', to: '{% email %}' } },
      ['parameter-added to'],
    ],
    ['a parameter less', {}, { 'event-params': {} }, ['parameter-removed amount']],
    ['another value', {}, { 'event-params': { amount: '1' } }, ['parameter-changed amount']],
    [
      'an id of its own that the webhook did not have',
      { 'deduplication-id': '{% amount %}' },
      {},
      ['identity-changed'],
    ],
    [
      'a new id of its own, beside which the old one is found',
      {},
      { 'deduplication-id': '{% amount %}' },
      [],
    ],
    ['another name, said', { name: 'bought' }, { formerly: ['bought'] }, []],
    ['another name, not said', { name: 'bought' }, {}, ['identity-changed']],
  ])('tells %s', async (_, before, after, expected) => {
    const written = (changes: Members) => {
      const { 'event-time': time, ...rest } = { ...PAID, ...changes };
      return side([{ ...rest, ...(time === undefined ? {} : { 'max-age': '1h' }) }]);
    };

    expect(classesOf(await diff(written(before), written(after)))).toEqual(expected);
  });

  test('tells that an event is too old by its mapping now', async () => {
    const body = { at: '2025-12-31T00:00:00Z' };
    const old = side([{ ...PAID, 'event-time': '{% at %}', 'max-age': '2d' }]);
    const messages = await diff(old, side([{ ...PAID, 'event-time': '{% at %}', 'max-age': '1h' }]), [
      webhook(body),
    ]);

    expect(only(messages, 'no-longer-sent').cases).toEqual([expect.objectContaining({ after: 'too-old' })]);
    expect(messages[0]?.edits).toEqual([
      { path: 'max-age', before: '172800', after: '3600', stages: ['prod'] },
    ]);
  });

  test('gives the values of an example, before and after', async () => {
    const messages = await diff(side([PAID]), side([{ ...PAID, 'event-params': { amount: 'one' } }]), [
      webhook({}, { title: 'Ann has paid.' }),
    ]);

    expect(only(messages, 'parameter-changed').cases).toEqual([
      {
        webhook: 'shop/paid',
        from: 'example',
        title: 'Ann has paid.',
        person: 'ann@example.com',
        before: '30.00',
        after: 'one',
      },
    ]);
  });

  test('says by which values a message is no longer sent, item by item, and which cases still get it', async () => {
    const lines = { ...PAID, items: '{% lines %}' };
    const when = '{% $item.price > 50 %}';
    const messages = await diff(side([lines]), side([{ ...lines, when }]), [
      webhook({ lines: [{ price: 9 }, { price: 60 }] }),
      webhook({ lines: [{ price: 70 }, { price: 80 }] }, { name: 'shop/dear' }),
      webhook({ lines: [{ price: 1 }, { price: 90 }] }, { name: 'dead letter 1', from: 'dead-letter' }),
    ]);
    const change = only(messages, 'no-longer-sent');

    expect(change.cases).toMatchObject([
      { webhook: 'shop/paid', item: 0, because: 'the item’s price is 9, not above 50' },
      { webhook: 'dead letter 1', item: 0 },
    ]);
    expect(change.cases[1]).not.toHaveProperty('because');
    expect(change.stillSent).toMatchObject([
      { webhook: 'shop/paid', item: 1, because: 'the item’s price is 60, above 50' },
      { webhook: 'shop/dear', item: 0, because: 'the item’s price is 70, above 50' },
    ]);
  });

  test('says by which values a message was not sent before', async () => {
    const messages = await diff(side([{ ...PAID, when: "{% amount = '31.00' %}" }]), side([PAID]));

    expect(only(messages, 'newly-sent').cases).toMatchObject([
      { before: 'when-not-met', because: 'the amount is "30.00", not "31.00"' },
    ]);
  });

  test('gives the event definition of each stage', async () => {
    const event = (dev: string, prod: string) => [{ ...PAID, 'event-id': { dev, prod } }];
    const comparisons = ['dev', 'prod'].map((stage) => ({
      stages: [stage],
      before: [side(event('evt_d', 'evt_1'), {}, stage)],
      after: [side([{ ...event('evt_d', 'evt_2')[0], 'on-null': 'reject' }], {}, stage)],
    }));

    expect((await diffMappings(comparisons, [webhook()]))[0]?.eventIds).toEqual([
      { before: 'evt_d', after: 'evt_d', stages: ['dev'] },
      { before: 'evt_1', after: 'evt_2', stages: ['prod'] },
    ]);
  });

  test('gives no value of a dead letter in any class', async () => {
    const before = side([
      PAID,
      { ...PAID, name: 'kept' },
      { ...PAID, name: 'gone', 'event-id': 'evt_9' },
      { ...PAID, name: 'odd', 'deduplication-id': '{% email %}' },
    ]);
    const after = side([
      { ...PAID, 'event-key': '{% amount %}', 'event-params': { total: '{% amount %}' } },
      { ...PAID, name: 'kept', 'event-params': { amount: '{% email %}' }, 'event-id': 'evt_3' },
      { ...PAID, name: 'new' },
      { ...PAID, name: 'odd', 'deduplication-id': '{% amount %}' },
    ]);
    const messages = await diff(before, after, [webhook({}, { from: 'dead-letter', name: 'dead letter 1' })]);

    expect(new Set(classesOf(messages).map((name) => name.split(' ')[0])).size).toBe(8);
    const shown = JSON.stringify(messages.map(({ changes }) => changes));
    expect(shown).not.toMatch(/ann@example|30\.00/);
    expect(only(messages, 'other-definition').cases).toEqual([
      { webhook: 'dead letter 1', from: 'dead-letter', before: 'evt_1', after: 'evt_3' },
    ]);
  });

  test('sees that a parameter has another name, where all of its values are under it', async () => {
    const renamed = { ...PAID, 'event-params': { total: '{% amount %}', channel: 'web' } };
    const messages = await diff(side([PAID]), side([renamed]), [
      webhook(),
      webhook({ amount: '5' }, { name: 'b' }),
    ]);

    expect(only(messages, 'parameter-removed')).toMatchObject({ subject: 'amount', otherName: 'total' });
    expect(classesOf(messages)).toContain('parameter-added channel');
  });

  test('does not take a parameter for another that has only some of its values', async () => {
    const other = { ...PAID, 'event-params': { total: '30.00' } };
    const messages = await diff(side([PAID]), side([other]), [
      webhook(),
      webhook({ amount: '5' }, { name: 'b' }),
    ]);

    expect(only(messages, 'parameter-removed').otherName).toBeUndefined();
  });

  test('says that an edit is seen by no webhook', async () => {
    const messages = await diff(side([PAID]), side([{ ...PAID, 'on-unconfirmed': 'retry' }]));

    expect(messages).toEqual([
      expect.objectContaining({
        changes: [],
        edits: [{ path: 'on-unconfirmed', before: 'park', after: 'retry', stages: ['prod'] }],
      }),
    ]);
  });

  test('finds edits of definitions that an event uses, also by way of others', async () => {
    const used = { ...PAID, 'event-params': { amount: '{% $total %}' } };
    const definitions = (sum: string) => ({
      let: { net: `{% ${sum} %}`, total: '{% $net %}', other: `{% '${sum}' %}` },
    });
    const messages = await diff(side([used], definitions('amount')), side([used], definitions('email')));

    expect(messages[0]?.edits.map(({ path }) => path)).toEqual(['let.net']);
    expect(classesOf(messages)).toEqual(['parameter-changed amount']);
  });

  test('tells of sources that are new, gone, and renamed', async () => {
    const renamed = side([PAID], { source: 'boutique', formerly: ['shop'] });

    expect(await diff(undefined, side([PAID]))).toMatchObject([
      { only: 'after', changes: [{ class: 'newly-sent' }] },
    ]);
    expect(await diff(side([PAID]), undefined)).toMatchObject([
      { only: 'before', changes: [{ class: 'no-longer-sent', cases: [{ after: 'no-source' }] }] },
    ]);
    expect(await diff(side([PAID]), renamed)).toMatchObject([{ formerSource: 'shop', changes: [] }]);
  });

  test('tells that a webhook is known by another id, where the source takes it from elsewhere', async () => {
    const other = side([PAID], { 'deduplication-id': { body: '/amount' } });

    expect(classesOf(await diff(side([PAID]), other))).toEqual(['identity-changed']);
  });

  test('tells that a webhook cannot be read, for what was sent alone', async () => {
    const sent = { ...PAID, name: 'sent', on: 'order.sent' };
    const unread = side([PAID, sent], { 'event-type': { body: '/kind' } });

    expect(classesOf(await diff(side([PAID, sent]), unread))).toEqual(['newly-rejected event-type-missing']);
  });

  test('tells what comes near a limit, and not what grows below it', async () => {
    const long = (length: number) => ({ ...PAID, 'event-params': { text: 'a'.repeat(length) } });
    const messages = await diff(side([long(19_000)]), side([long(20_000)]));

    expect(only(messages, 'nearer-limit').cases).toEqual([
      expect.objectContaining({ before: '19077 of 24000', after: '20077 of 24000' }),
    ]);
    expect(classesOf(await diff(side([long(1_000)]), side([long(2_000)])))).toEqual([
      'parameter-changed text',
    ]);
  });

  test('shows once what is the same in several stages, and by stage what is not', async () => {
    const staged = (id: string) => [
      { ...PAID, 'event-id': { dev: 'evt_dev', prod: id }, 'event-params': { a: id } },
    ];
    const comparison = (stage: string) => ({
      stages: [stage],
      before: [side(staged('evt_1'), {}, stage)],
      after: [side(staged('evt_2'), {}, stage)],
    });
    const messages = await diffMappings([comparison('dev'), comparison('prod')], [webhook()]);

    expect(messages).toHaveLength(1);
    expect(messages[0]?.changes.map(({ class: name, stages }) => [name, stages])).toEqual([
      ['parameter-changed', ['dev', 'prod']],
      ['other-definition', ['prod']],
    ]);
  });
});

describe('of a batch', () => {
  const lines = [
    { id: 'a', to: 'ann@example.com' },
    { id: 'b', to: 'bea@example.com' },
    { id: 'c', to: 'cem@example.com' },
  ];
  const each = {
    ...PAID,
    items: '{% lines %}',
    'event-key': '{% $item.to %}',
    'event-params': { id: '{% $item.id %}' },
  };

  test('an item that moves up in the list is still the same one', async () => {
    const known = { ...each, 'deduplication-id': '{% $item.id %}' };
    const messages = await diff(side([known]), side([{ ...known, items: "{% lines[id != 'a'] %}" }]), [
      webhook({ lines }),
    ]);

    expect(classesOf(messages)).toEqual(['no-longer-sent']);
    expect(only(messages, 'no-longer-sent').cases).toMatchObject([{ item: 0, person: 'ann@example.com' }]);
  });

  test('without an id of its own, it is known by its place: it can be sent again', async () => {
    const messages = await diff(side([each]), side([{ ...each, items: "{% lines[id != 'a'] %}" }]), [
      webhook({ lines }),
    ]);

    expect(classesOf(messages)).toEqual(['no-longer-sent', 'identity-changed']);
    expect(only(messages, 'identity-changed').cases).toHaveLength(2);
  });

  test('the items that a message newly has are each newly sent', async () => {
    const messages = await diff(side([{ ...each, when: '{% amount = "1" %}' }]), side([each]), [
      webhook({ lines }),
    ]);

    expect(only(messages, 'newly-sent').cases.map(({ item, before }) => [item, before])).toEqual([
      [0, 'when-not-met'],
      [1, 'when-not-met'],
      [2, 'when-not-met'],
    ]);
  });
});

describe('whatever the mappings', () => {
  const parameter = fc.constantFrom('{% amount %}', '{% email %}', '{% missing %}', 'text');
  const event = fc.record({
    on: fc.constantFrom('order.paid', 'order.*', 'order.sent'),
    'event-id': fc.constantFrom('evt_1', 'evt_2'),
    'event-key': fc.constantFrom('{% email %}', '{% amount %}', '{% missing %}'),
    'event-params': fc.dictionary(fc.constantFrom('a', 'b', 'c'), parameter),
  });

  const both = fc.asyncProperty(event, event, async (one, other) => {
    const [before, after] = [side([{ ...PAID, ...one }]), side([{ ...PAID, ...other }])];
    const [was, is] = [await payloadBy(before), await payloadBy(after)];
    const there = classesOf(await diff(before, after)).map((name) => name.split(' ')[0]);
    const back = classesOf(await diff(after, before)).map((name) => name.split(' ')[0]);

    expect(there.includes('newly-sent')).toBe(was === undefined && is !== undefined);
    if (was === is) expect(there.filter((name) => name !== 'newly-rejected')).toEqual([]);
    else expect(there).not.toEqual([]);
    if (was !== undefined && is !== undefined) expect(back.map(turn).toSorted()).toEqual(there.toSorted());
  });
  const turn = (name = '') => name.replace(/added|removed/, (way) => (way === 'added' ? 'removed' : 'added'));

  test('exactly what is sent otherwise is told, and told the other way round on the way back', async () => {
    await fc.assert(both, { numRuns: 50 });
  });
});

/** What Webex Campaign would be called with; nothing where it would not be called. */
async function payloadBy({ profile, mapping }: SideSource): Promise<string | undefined> {
  const { webhook: given } = webhook();
  const identity = identifyWebhook(profile, given as PreviewedWebhook);
  if (!identity.ok) return undefined;
  const preview = await previewBy(mapping, {
    ...(given as PreviewedWebhook),
    ...identity.value,
    headers: {},
  });
  const [event] = preview.outcome === 'mapped' ? preview.events : [];
  return event?.kind === 'event' ? JSON.stringify(sortMembers(event.event)) : undefined;
}

/** The order of parameters makes no difference. */
function sortMembers({ params, ...event }: { readonly params: object }): object {
  return { ...event, params: Object.entries(params).toSorted(([one], [other]) => (one < other ? -1 : 1)) };
}
