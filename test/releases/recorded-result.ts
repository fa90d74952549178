import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { collectWebhooks } from './collect-webhooks.ts';
import { casesOf, hashOf, type Product, type RecordedWebhook, resultOf } from './mapping-cases.ts';
import { mappersOf, RECORDING, RESULTS_FILE, readWebhooks, WEBHOOKS_FILE } from './recording.ts';
import { openTree, productOf } from './release-0-1-0.ts';
import { type RecordedResults, writeTable } from './results-table.ts';
import { THIS_TREE } from './this-tree.ts';

const USAGE = `Usage: npm run -s recorded-result -- show "CASE" [CLONE]
       npm run -s recorded-result -- record CLONE

show    what a case becomes: in this tree, or in a clone of 0.1.0 (see clone-release)
record  records the results of 0.1.0 again, from a clone of it`;

/** Of the mutations that make no difference, one of so many is kept. */
const KEPT_OF_SAME = 4;

async function record(clone: string): Promise<string> {
  const tree = await openTree(clone);
  const collected = collectWebhooks(clone, tree);
  const webhooks = collected.flatMap((mapping) => mapping.webhooks);
  for (const { name, text } of collected) {
    const file = `${RECORDING}mappings/${name}.yaml`;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  writeFileSync(WEBHOOKS_FILE, zipped(webhooks.map((webhook) => `${JSON.stringify(webhook)}\n`).join('')));

  const product = productOf(tree);
  const mapperOf = mappersOf(product);
  const results = new Map<string, RecordedResults>();
  for (const webhook of webhooks) {
    results.set(webhook.name, await recordWebhook(product, mapperOf(webhook), webhook));
  }
  writeFileSync(RESULTS_FILE, zipped(writeTable(results)));
  const mutations = [...results.values()].reduce((sum, { mutations: { size } }) => sum + size, 0);
  return `${webhooks.length} webhooks and ${mutations} mutations of them`;
}

async function recordWebhook(
  product: Product,
  mapper: ReturnType<Product['prepare']>,
  webhook: RecordedWebhook,
): Promise<RecordedResults> {
  const [whole, ...mutated] = casesOf(webhook);
  const result = await resultOf(product, mapper, webhook, whole?.body ?? '');
  const mutations = new Map<string, string>();
  // No event is on its types, whatever the body holds.
  if (result === '[]') return { whole: result, mutations };
  const same = hashOf(result);
  for (const { id, body } of mutated) {
    const hash = hashOf(await resultOf(product, mapper, webhook, body));
    if (hash !== same || isKept(id)) mutations.set(id, hash);
  }
  return { whole: result, mutations };
}

/** Members that JSONata may take for marks of its own have to make no difference: all of those are kept. */
function isKept(id: string): boolean {
  return / with-\S+$/.test(id) || Number.parseInt(hashOf(id), 16) % KEPT_OF_SAME === 0;
}

function zipped(text: string): Buffer {
  return gzipSync(text, { level: 9 });
}

async function show(id: string, clone: string | undefined): Promise<string> {
  const product = clone === undefined ? THIS_TREE : productOf(await openTree(clone));
  const webhook = readWebhooks().find(({ name }) => id === name || id.startsWith(`${name} `));
  const found = webhook && [...casesOf(webhook)].find((one) => one.id === id);
  if (webhook === undefined || found === undefined) throw new Error(`There is no case "${id}".`);
  const result = await resultOf(product, mappersOf(product)(webhook), webhook, found.body);
  return `${found.body}\n\n${JSON.stringify(JSON.parse(result), null, 2)}\n${hashOf(result)}`;
}

async function run([command, subject, clone]: readonly string[]): Promise<string> {
  if (command === 'record' && subject !== undefined) return record(subject);
  if (command === 'show' && subject !== undefined) return show(subject, clone);
  throw new Error(USAGE);
}

try {
  console.log(await run(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
