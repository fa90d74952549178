import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { parse, parseDocument, stringify } from 'yaml';
import { contractFileOf, findMapping, PROJECT, type Project } from '../../answers/project.ts';
import { findProfile } from '../../lambdas/ingest/signature/profiles/profiles.ts';
import type { Profile, Selector } from '../../lambdas/ingest/source.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { docsPage, INVOCATION, PACKAGE_IN_PROJECT, PACKAGE_ROOT } from '../../lib/config/terminal.ts';
import { runExample } from '../../lib/mapping/examples/example.ts';
import { readExamples } from '../../lib/mapping/folders.ts';
import { LOCAL_STAGE } from '../../lib/stages/synthesize.ts';
import { makeSigningSecret } from '../../signing/sign-webhook.ts';
import { type CommandResult, example, refuse, run } from '../command-line.ts';
import { acceptExample } from '../mappings/map.ts';

export function registerAddSource(program: Command): void {
  program
    .command('add-source')
    .argument('<name>', 'the last part of its webhook URL, and the folder in mappings/')
    .option('--verify <profile>', `how it signs: a profile of ${docsPage('vendors.md')} (default: the name)`)
    .description(
      'add a mapping folder that is valid from the first moment, with an example and a local secret',
    )
    .addHelpText('after', example('add-source paddle', 'add-source shop-eu --verify shopify'))
    .action((name, options) => run(() => addSource(PROJECT, { name, ...options })));
}

type Source = { readonly name: string; readonly verify?: string | undefined };

/** `adapter add-source`: writes the folder, and says what a person does next. */
async function addSource(project: Project, source: Source): Promise<CommandResult> {
  const written = await writeSource(project, source);
  if (!written.ok) return refuse(written.failure);
  const { files, sample, notes } = written.value;
  const text = [
    ...files.map((file) => `wrote  ${file}`),
    ...notes.map((note) => `note   ${note}`),
    '',
    `1. Map its events: mappings/${source.name}/mapping.yaml says what becomes an event, and whom it reaches.`,
    `2. Try it: ${INVOCATION} test, then, with "npm start" up, ${INVOCATION} send --source ${source.name} --sample ${sample}`,
    '3. Put the ids of the event definitions into webex-events.yaml, deploy, register the URL with the vendor, and store its',
    `   secret: ${INVOCATION} secrets set ${source.name} --stack <stack>`,
  ].join('\n');
  return { text, exitCode: 0 };
}

/** What `writeSource` has written. */
type Written = {
  /** Paths from the project's folder. */
  readonly files: readonly string[];
  /** An example that can be sent. */
  readonly sample: string;
  readonly notes: readonly string[];
};

/**
 * Writes the folder of a source, its event definitions and a local secret. The folder is the package's own where it has one
 * of that name, else a skeleton. Fails with a sentence, and writes nothing then.
 */
export async function writeSource(project: Project, source: Source): Promise<Result<Written, string>> {
  const { name, verify } = source;
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
    return fail(`"${name}" is no name of a source: expected lower-case words joined by "-".`);
  const folder = join(project.mappings, name);
  if (existsSync(folder)) return fail(`${relative('', folder)} is there already.`);
  if (verify !== undefined && findProfile(verify) === undefined)
    return fail(`There is no profile "${verify}": ${docsPage('vendors.md')} has them all.`);
  const shipped = join(PACKAGE_ROOT, 'mappings', name);
  const isShipped = verify === undefined && existsSync(join(shipped, 'mapping.yaml'));
  const definitions = isShipped
    ? copyShipped(project, shipped, folder)
    : writeSkeleton(folder, skeletonOf(source, numberOf(project)));
  const contract = addDefinitions(contractFileOf(project), definitions);
  const secret = addLocalSecret(project, name);
  const sample = await acceptExamples(project, name, isShipped);
  if (!sample.ok) return sample;
  const verified = verify ?? name;
  return succeed({
    files: [relative('', folder), relative('', contract), ...secret.files],
    sample: sample.value,
    notes: [
      ...secret.notes,
      ...(isShipped || findProfile(verified) !== undefined
        ? []
        : [
            `No profile is called "${verified}". Say in mapping.yaml how it signs (${docsPage('add-a-source.md')}, 1); it is a guess now.`,
          ]),
    ],
  });
}

/** A definition of `webex-events.yaml` by its name, as text. */
type Definitions = ReadonlyMap<string, string>;

const BODY_FILE = /body-file: *(\S+)/g;

/** Copies a mapping folder of the package, with the payloads that its examples name; returns the definitions that it sends. */
function copyShipped(project: Project, shipped: string, folder: string): Definitions {
  cpSync(shipped, folder, { recursive: true });
  const file = join(folder, 'mapping.yaml');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('$schema=../', `$schema=${schemaFrom('../../')}`));
  for (const { path } of readExamples(shipped, basename(shipped)).examples) {
    for (const [, written = ''] of readFileSync(path, 'utf8').matchAll(BODY_FILE)) {
      const payload = resolve(dirname(path), written);
      cpSync(payload, join(project.mappings, '..', relative(PACKAGE_ROOT, payload)));
    }
  }
  const { events } = parse(text) as { readonly events: readonly { readonly definition?: string }[] };
  const named = new Set(events.flatMap(({ definition }) => definition ?? []));
  const own = readFileSync(join(PACKAGE_ROOT, 'webex-events.yaml'), 'utf8').matchAll(
    /^([\w-]+):\n(?: .*\n)+/gm,
  );
  return new Map([...own].flatMap(([whole, key = '']) => (named.has(key) ? [[key, whole] as const] : [])));
}

/** Where a file finds the schema of mappings. @param up from its folder to the project's */
function schemaFrom(up: string): string {
  return PACKAGE_IN_PROJECT === '' ? '../' : `${up}${PACKAGE_IN_PROJECT}mappings/`;
}

/** An event type that a vendor sends, where one is known for sure; of a profile that is not here, a made-up one. */
const KNOWN_TYPES: Readonly<Record<string, string>> = {
  bigcommerce: 'store/order/created',
  'cal-com': 'BOOKING_CREATED',
  calendly: 'invitee.created',
  chargebee: 'payment_failed',
  clerk: 'user.created',
  docusign: 'envelope-completed',
  easypost: 'tracker.updated',
  github: 'release.published',
  gocardless: 'payments.failed',
  'lemon-squeezy': 'order_created',
  paddle: 'transaction.completed',
  paypal: 'PAYMENT.CAPTURE.COMPLETED',
  paystack: 'charge.success',
  razorpay: 'payment.failed',
  shopify: 'orders/create',
  square: 'payment.created',
  stripe: 'invoice.payment_failed',
  typeform: 'form_response',
  woocommerce: 'order.created',
  workos: 'user.created',
  zoom: 'meeting.ended',
};

/** The files of a new source, by their path in its folder, and its definition. */
type Skeleton = { readonly files: Readonly<Record<string, string>>; readonly definitions: Definitions };

/** A mapping with one event, an example that becomes it, and what a person has to know of the folder. */
function skeletonOf({ name, verify = name }: Source, number: number): Skeleton {
  const profile = findProfile(verify);
  const type = KNOWN_TYPES[verify] ?? 'example.created';
  const event = type.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const definition = `${name}-${event}`;
  return {
    files: {
      'mapping.yaml': mappingText({ name, verify, isKnown: profile !== undefined, type, event, definition }),
      [`examples/${event}.yaml`]: `# ${profile === undefined ? 'A' : 'Made up from what the signature needs: a'} webhook, and what it becomes. Put a real one here.\n${stringify({ webhook: webhookOf(profile, type) })}`,
      'README.md': readmeText({ name, verify, type, event }),
    },
    definitions: new Map([
      [
        definition,
        `${definition}:\n  event-id: evt_9${String(number).padStart(13, '0')}\n  key: email\n  parameters:\n    channel: { example: ${name} }\n`,
      ],
    ]),
  };
}

type Named = {
  readonly name: string;
  readonly verify: string;
  readonly type: string;
  readonly event: string;
};

function mappingText(named: Named & { readonly isKnown: boolean; readonly definition: string }): string {
  const { name, verify, isKnown, type, event, definition } = named;
  const how = isKnown
    ? `verify: ${verify}`
    : `# A guess: ${docsPage('add-a-source.md')}, 1, says how to write what your vendor does.
verify: { encoding: hex, signature: { header: X-Signature } }
event-type: { body: /type }`;
  return `# yaml-language-server: $schema=${schemaFrom('../../')}mapping.schema.json
source: ${name}
${how}
secret: webhooks/${name}

events:
  - name: ${event}
    on: ${JSON.stringify(type)}
    definition: ${definition}
    # Whom: where the webhook has the customer's e-mail address, mobile number, device or customer id.
    event-key: { kind: email, value: "{% email %}" }
    event-params:
      channel: ${name}
`;
}

function readmeText({ name, verify, type, event }: Named): string {
  return `# ${name}

| event | when ${name} says | key | parameters |
|---|---|---|---|
| ${event} | \`${type}\` | e-mail address | |

All carry \`channel: ${name}\`.

**In Webex Campaign**: an event definition for each event, with the parameters of its row, and its id in \`webex-events.yaml\`.

**Endpoint**: the output \`WebhookUrl…\` of the stack. The signing secret goes into the secret \`<stack>/webhooks/${name}\`.

**Verified by** the profile \`${verify}\`.
`;
}

/** A webhook of that type, as the profile reads it. */
function webhookOf(profile: Profile | undefined, type: string): object {
  const headers: Record<string, string> = {};
  let body: unknown;
  const put = (selector: Profile['eventType'][number] | Selector, value: string) => {
    if ('header' in selector) headers[selector.header] = value;
    if (!('body' in selector)) return;
    const [pointer = ''] = [selector.body].flat();
    body = setAt(body, pointer.split('/').slice(1), value);
  };
  const [first = { body: '/type' }, ...others] = profile?.eventType ?? [];
  // Only the first has to be there; what stands in a body of another form is left out.
  const selectors = [first, ...others.filter((other) => isOfList(other) === isOfList(first))];
  const parts = type.split('.');
  for (const [index, selector] of selectors.entries()) {
    const isLast = index === selectors.length - 1;
    put(selector, isLast ? parts.slice(index).join('.') : (parts[index] ?? ''));
  }
  for (const selector of profile?.deduplicationId ?? []) put(selector, 'id_1');
  const [at] = Array.isArray(body) ? ['0'] : [];
  body = setAt(body, [...(at === undefined ? [] : [at]), 'email'], 'customer@example.com');
  return { ...(Object.keys(headers).length > 0 && { headers }), body };
}

/** Whether the body is a list: a pointer's first segment is then `*`. */
function isOfList(selector: Profile['eventType'][number]): boolean {
  return 'body' in selector && [selector.body].flat()[0]?.startsWith('/*') === true;
}

/** Sets what a pointer leads to; \`*\` is the first item of a list. */
function setAt(root: unknown, [segment, ...rest]: readonly string[], value: string): unknown {
  if (segment === undefined) return root ?? value;
  if (segment === '*' || Array.isArray(root)) {
    const [first, ...others] = Array.isArray(root) ? root : [];
    return [setAt(first, rest, value), ...others];
  }
  const members = typeof root === 'object' && root !== null ? (root as Record<string, unknown>) : {};
  return { ...members, [segment]: setAt(members[segment], rest, value) };
}

function writeSkeleton(folder: string, { files, definitions }: Skeleton): Definitions {
  mkdirSync(join(folder, 'examples'), { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  return definitions;
}

/** A number that no placeholder id of the project has yet. */
function numberOf(project: Project): number {
  const file = contractFileOf(project);
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return 1 + Math.max(0, ...[...text.matchAll(/evt_9(\d{13})/g)].map(([, digits]) => Number(digits)));
}

/** Adds those that are not there yet, at the end of the contract file; returns its path. */
function addDefinitions(file: string, definitions: Definitions): string {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : contractHead();
  const known = parseDocument(text);
  const added = [...definitions].flatMap(([name, written]) => (known.has(name) ? [] : [written]));
  writeFileSync(file, [text, ...added].map((part) => `${part.trimEnd()}\n`).join('\n'));
  return file;
}

/** What the package's own contract file begins with. */
function contractHead(): string {
  const [head = ''] = readFileSync(join(PACKAGE_ROOT, 'webex-events.yaml'), 'utf8').split(/^(?=[^#\n])/m);
  return head.replace('$schema=', `$schema=${PACKAGE_IN_PROJECT}`);
}

/** The file of `npm start`, beside the mapping folders. */
const SECRETS_FILE = 'local/secrets.json';

/** Gives the source a secret for the local run: that of the package, or a new one. */
function addLocalSecret(project: Project, name: string): Pick<Written, 'files' | 'notes'> {
  const file = join(project.mappings, '..', SECRETS_FILE);
  const stored = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const mapping = findMapping(project, name);
  if (!mapping.ok) return { files: [], notes: [mapping.failure] };
  const { secret, profile } = mapping.value;
  if (Object.hasOwn(stored, secret)) return { files: [], notes: [] };
  const shipped = JSON.parse(readFileSync(join(PACKAGE_ROOT, SECRETS_FILE), 'utf8'))[secret];
  const made = makeSigningSecret(profile.signature);
  if (shipped === undefined && !made.ok) {
    return { files: [], notes: [`no local secret: ${made.failure} The local run cannot send its webhooks.`] };
  }
  const value = shipped ?? { signingSecrets: [made.ok ? made.value : ''] };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...stored, [secret]: value }, null, 2)}\n`);
  return { files: [relative('', file)], notes: [] };
}

/** Records what the examples of a skeleton become; those of the package say so already. Returns the name of one. */
async function acceptExamples(
  project: Project,
  name: string,
  isShipped: boolean,
): Promise<Result<string, string>> {
  const mapping = findMapping(project, name);
  if (!mapping.ok) return mapping;
  const { examples } = readExamples(join(project.mappings, name), name);
  for (const one of isShipped ? [] : examples) {
    const { preview } = await runExample(mapping.value, one, LOCAL_STAGE);
    acceptExample({ mapping: mapping.value, example: one, preview });
  }
  return succeed(examples[0]?.name.slice(name.length + 1) ?? '<sample>');
}
