import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import type { RecordedWebhook } from './mapping-cases.ts';
import { mustBe, type OldMapping, type openTree } from './release-0-1-0.ts';

type Tree = Awaited<ReturnType<typeof openTree>>;

/** A mapping of a clone, and the webhooks that it is recorded with. */
export type Collected = {
  /** `shipped/stripe` */
  readonly name: string;
  readonly text: string;
  readonly webhooks: readonly RecordedWebhook[];
};

/** The folders of mapping folders that 0.1.0 has, and the name of each set. */
const SETS: readonly (readonly [set: string, folder: string])[] = [
  ['shipped', 'mappings'],
  ['own-app', 'test/package/own-app/mappings'],
  ['adopter', 'test/rehearsal/adopter-mappings'],
  ['rehearsal', 'local/rehearsal/mappings'],
  ['story', 'test/story/mappings'],
  ['bench', 'bench/mappings'],
];

const RECEIVED_AT = '2026-01-01T00:00:00.000Z';
const STAGE = 'dev';

/** Has the members that the mappings of rehearsal and stories read, which have no examples. */
const INVENTED = JSON.stringify({
  id: 'evt_1',
  whom: 'ann@example.com',
  key: 'ann@example.com',
  text: 'Hello',
  note: 'Hello',
  at: '2025-12-31T23:30:00Z',
  wanted: true,
  items: [
    { whom: 'ann@example.com', key: 'ann@example.com', rehearsal: 'evt_1/listed/0', note: 'one' },
    { whom: 'bob@example.com', key: 'bob@example.com', rehearsal: 'evt_1/listed/1', note: 'two' },
  ],
});

type Sample = {
  readonly file: string;
  readonly provider: string;
  readonly event: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Every mapping of a clone of 0.1.0 with its webhooks: the mapping's own examples, and the samples of its vendor. */
export function collectWebhooks(clone: string, tree: Tree): readonly Collected[] {
  const samples = JSON.parse(readFileSync(join(clone, 'samples/manifest.json'), 'utf8')) as readonly Sample[];
  const ofFolders = SETS.flatMap(([set, folder]) =>
    readdirSync(join(clone, folder))
      .filter((name) => existsSync(join(clone, folder, name, 'mapping.yaml')))
      .sort()
      .map((source) =>
        collectFolder({ clone, tree, samples, set, folder: join(clone, folder, source), source }),
      ),
  );
  return [...ofFolders, ...collectSnippets(clone, tree)];
}

type Folder = {
  readonly clone: string;
  readonly tree: Tree;
  readonly samples: readonly Sample[];
  readonly set: string;
  readonly folder: string;
  readonly source: string;
};

function collectFolder({ clone, tree, samples, set, folder, source }: Folder): Collected {
  const name = `${set}/${source}`;
  const text = readFileSync(join(folder, 'mapping.yaml'), 'utf8');
  const mapping = mustBe(tree.parseMappingFile('mapping.yaml', text, { folder: source }));
  const shared = { mapping: name, stage: STAGE, source, headers: {}, receivedAt: RECEIVED_AT } as const;
  const examples = tree.readExamples(folder, source).examples.map((example) => {
    const { rawBody, headers, receivedAt } = example.webhook;
    return identified(tree, mapping, {
      ...shared,
      name: `${set}/${example.name}`,
      stage: example.stage ?? STAGE,
      headers: Object.fromEntries(headers),
      receivedAt: receivedAt.toISOString(),
      body: Buffer.from(rawBody).toString('utf8'),
    });
  });
  const own = samples.filter(({ provider }) => provider === source && set === 'shipped');
  const sent = own.map(({ file, event, headers = {} }) =>
    identified(tree, mapping, {
      ...shared,
      name: `${name}/samples/${basename(file, '.json')}`,
      headers: withJson(headers),
      body: readFileSync(join(clone, 'samples', file), 'utf8'),
      eventTypes: [event],
    }),
  );
  const all = [...examples, ...sent];
  return { name, text, webhooks: all.length > 0 ? all : everyType(clone, mapping, shared) };
}

function withJson(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return { 'content-type': 'application/json', ...Object.fromEntries(lower) };
}

/** A webhook with the types that ingest reads of it; with those it comes with where ingest reads none. */
function identified(
  { identifyWebhook }: Tree,
  { profile }: OldMapping,
  webhook: Omit<RecordedWebhook, 'bodyFormat' | 'eventTypes'> & { readonly eventTypes?: readonly string[] },
): RecordedWebhook {
  const identity = identifyWebhook(profile, {
    headers: new Map(Object.entries(webhook.headers)),
    rawBody: Buffer.from(webhook.body),
  });
  const { eventTypes, bodyFormat } = identity.ok
    ? identity.value
    : ({ eventTypes: webhook.eventTypes ?? [], bodyFormat: 'json' } as const);
  return { ...webhook, eventTypes, bodyFormat };
}

/** A mapping without examples gets one webhook that is of all its types at once. */
function everyType(
  clone: string,
  { events }: OldMapping,
  shared: Omit<RecordedWebhook, 'name' | 'body' | 'bodyFormat' | 'eventTypes'>,
): readonly RecordedWebhook[] {
  const eventTypes = [...new Set(events.flatMap(({ on }) => on))];
  const bodies = {
    invented: INVENTED,
    invoice: readFileSync(join(clone, 'samples/payloads/stripe/invoice.payment_failed.json'), 'utf8'),
    order: readFileSync(join(clone, 'samples/payloads/shopify/orders.create.json'), 'utf8'),
  };
  const names = shared.source === 'measured' ? (['invoice', 'order'] as const) : (['invented'] as const);
  return names.map((name) => ({
    ...shared,
    name: `${shared.mapping}/${name}`,
    eventTypes,
    bodyFormat: 'json',
    body: bodies[name],
  }));
}

/** The snippets of the mapping language's page, each with what is given to it; the page's own test has the same head. */
function collectSnippets(clone: string, tree: Tree): readonly Collected[] {
  const page = readFileSync(join(clone, 'docs/mapping-language.md'), 'utf8');
  const snippets = page.matchAll(
    /```yaml mapping\n(.*?)```\n```json given\n(.*?)```\n(?:```json headers\n(.*?)```\n)?/gs,
  );
  return [...snippets].map(([, written = '', given = '', headers = '{}'], index) => {
    const name = `docs/${String(index + 1).padStart(2, '0')}`;
    const text = `${JSON.stringify(wholeFile(parse(written)), null, 2)}\n`;
    const mapping = mustBe(tree.parseMappingFile('mapping.yaml', text, { folder: 'example' }));
    const webhook = identified(tree, mapping, {
      name: `${name}/given`,
      mapping: name,
      stage: STAGE,
      source: 'example',
      headers: JSON.parse(headers),
      receivedAt: '2026-11-24T12:00:00.000Z',
      body: given.includes('"type"') ? given : given.replace('{', '{ "type": "example",'),
    });
    return { name, text, webhooks: [webhook] };
  });
}

const HEAD = {
  source: 'example',
  secret: 'webhooks/example',
  verify: 'shopify',
  'event-type': { body: ['/type', '/kind'] },
};
const EVENT = { name: 'example', on: 'example', 'event-id': 'evt_1', 'event-key': '{% id %}' };

function wholeFile(written: object): object {
  return 'events' in written ? { ...HEAD, ...written } : { ...HEAD, events: [{ ...EVENT, ...written }] };
}
