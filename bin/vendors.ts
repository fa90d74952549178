import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import { findProfile, PROFILE_NAMES } from '../lambdas/ingest/signature/profiles/profiles.ts';
import type { Extractor, SignatureScheme, SignedScheme } from '../lambdas/ingest/signature/scheme.ts';
import type { Handshake, Profile } from '../lambdas/ingest/source.ts';
import { formatIdentity, formatSelectors, resolveVerify } from '../lib/mapping/verify.ts';

const FOLDER = new URL('../docs/vendors/', import.meta.url);

/** What the documentation of a vendor says, and its options do not. */
const factsSchema = z.strictObject({
  vendor: z.string(),
  /** How long it waits for an answer. */
  deadline: z.string().optional(),
  /** How often it sends a webhook again that was not taken. */
  retries: z.string().optional(),
  traps: z.string().optional(),
  /** What of these facts is from a second hand. */
  unconfirmed: z.string().optional(),
});

type Facts = z.infer<typeof factsSchema>;

const recipeSchema = z.strictObject({
  ...factsSchema.shape,
  source: z.string(),
  /** The part of a mapping file, as YAML. */
  options: z.string(),
});

export type Recipe = z.infer<typeof recipeSchema>;

const notCoveredSchema = z.array(z.strictObject({ vendors: z.string(), why: z.string() }));

/** What is written of each profile, by its name. */
export function readFacts(): Readonly<Record<string, Facts>> {
  return z.record(z.string(), factsSchema).parse(read('profiles.yaml'));
}

export function readRecipes(): readonly Recipe[] {
  return z.array(recipeSchema).parse(read('recipes.yaml'));
}

function read(file: string): unknown {
  return parse(readFileSync(new URL(file, FOLDER), 'utf8'));
}

const beside = z.object({ verify: z.unknown() }).catchall(z.unknown());

/** The profile that a recipe's options are. */
export function profileOf({ vendor, options }: Recipe): Profile {
  const { verify, ...rest } = beside.parse(parse(options));
  const profile = resolveVerify(verify, rest);
  if (!profile.ok) throw new Error(`${vendor}: ${JSON.stringify(profile.failure)}`);
  return profile.value;
}

/** `docs/vendors.md`: every profile, every recipe, and what cannot be said. */
export function vendorPage(): string {
  const facts = readFacts();
  const recipes = readRecipes();
  const profiles = PROFILE_NAMES.flatMap((name) => {
    const [profile, known] = [findProfile(name), facts[name]];
    return profile && known ? [rowOf(`${known.vendor}: \`${name}\``, profile, known)] : [];
  });
  const rows = recipes.map((recipe) => rowOf(linkTo(recipe.vendor), profileOf(recipe), recipe));
  const notCovered = notCoveredSchema.parse(read('not-covered.yaml'));
  return [
    INTRODUCTION,
    `## Profiles\n\n\`verify: stripe\` in a mapping file is all that ${profiles.length} kinds of sender need.`,
    table(HEADINGS, profiles),
    `## Recipes\n\n${recipes.length} more vendors, by options. Copy the block of one into a mapping file.`,
    table(HEADINGS, rows),
    ...recipes.map(formatRecipe),
    '## What cannot be expressed',
    table(
      ['vendors', 'why'],
      notCovered.map(({ vendors, why }) => [vendors, why]),
    ),
  ].join('\n\n');
}

const INTRODUCTION = `# Vendors

<!-- Made by \`npm run vendors\` from the profiles and from docs/vendors/: change those. -->

How each vendor signs, how it names what happened, and how long it waits. [Add a source](add-a-source.md) explains the options.

- **Identity** is what stays the same when the vendor sends a webhook again. Where it is the body's hash, a retry has to have the same body.
- **Deadline** is how long the vendor waits; the endpoint answers within a second. An empty field: the vendor documents nothing.
- *Unconfirmed* facts come from a second hand, or from memory: check them before you rely on them.`;

const HEADINGS = ['vendor', 'signature', 'type', 'identity', 'deadline', 'retries', 'handshake', 'traps'];

type Row = readonly string[];

function rowOf(title: string, profile: Profile, { deadline, retries, traps, unconfirmed }: Facts): Row {
  const doubt = unconfirmed === undefined ? [] : [`*Unconfirmed: ${unconfirmed}.*`];
  return [
    title,
    formatScheme(profile.signature),
    formatSelectors(profile.eventType, '.'),
    formatIdentity(profile),
    deadline ?? '',
    retries ?? '',
    profile.handshakes.map(formatHandshake).join('; '),
    [...(traps === undefined ? [] : [traps.trim()]), ...doubt].join(' '),
  ];
}

function table(headings: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(headings), `|${'---|'.repeat(headings.length)}`, ...rows.map(line)].join('\n');
}

function linkTo(vendor: string): string {
  const anchor = vendor
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
  return `[${vendor}](#${anchor})`;
}

function formatRecipe({ vendor, source, options }: Recipe): string {
  return `### ${vendor}\n\n\`\`\`yaml\n${options.trim()}\n\`\`\`\n\nSource: ${source}`;
}

function formatScheme(scheme: SignatureScheme): string {
  if (scheme.kind === 'custom') return `plug-in \`${scheme.plugIn}\``;
  if (scheme.kind === 'sharedSecret') {
    const { sharedSecret: secret } = scheme;
    if (secret.in === 'basic') return 'none; the secret in basic auth';
    return `none; the secret in the ${secret.in} \`${'name' in secret ? secret.name : secret.pointer}\``;
  }
  return scheme.kind === 'jwt'
    ? `JSON Web Token by ${scheme.algorithm}, in ${formatExtractor(scheme.token)}`
    : formatOptions(scheme);
}

function formatOptions(scheme: SignedScheme): string {
  const { encoding, signature, timestamp, content, secretPrefix } = scheme;
  const window = timestamp?.toleranceSeconds;
  return [
    `${formatCrypto(scheme)}, ${encoding}, in ${formatExtractor(signature)}`,
    `over \`${content}\``,
    formatSecret(scheme.kind === 'hash' ? 'utf8' : scheme.secretEncoding, secretPrefix),
    ...(window === undefined ? [] : [`at most ${window} s old`]),
  ].join('; ');
}

function formatCrypto(scheme: SignedScheme): string {
  const algorithm = 'algorithm' in scheme ? scheme.algorithm.toUpperCase().replace('SHA', 'SHA-') : '';
  const names = { hmac: 'HMAC', hash: 'plain hash', ecdsa: 'ECDSA', rsa: 'RSA', ed25519: 'Ed25519' };
  return `${names[scheme.kind]} ${algorithm}`.trim();
}

function formatExtractor({ header = [], query, body, split, pick }: Extractor): string {
  const [first, ...more] = [header].flat();
  const last = more.at(-1);
  const place = first ?? query ?? body ?? '';
  const headers = last === undefined ? `\`${place}\`` : `any of \`${place}\` to \`${last}\``;
  const parts = split === undefined ? '' : `, split at \`${split}\``;
  return `${headers}${pick === undefined ? '' : ` by \`${pick}\``}${parts}`;
}

function formatSecret(encoding: string, prefix: string | undefined): string {
  const form = encoding === 'utf8' ? 'as it is' : `as ${encoding}`;
  return prefix === undefined ? `secret ${form}` : `secret ${form} after \`${prefix}\``;
}

function formatHandshake({ match, authenticate }: Handshake): string {
  const { method, query = {}, headers = {}, body = {} } = match;
  const wanted = Object.entries({ ...query, ...headers, ...body }).map(([name, value]) =>
    value === '*' ? `\`${name}\`` : `\`${name}\` = \`${value}\``,
  );
  const by = typeof authenticate === 'object' ? 'verify token' : authenticate;
  const how = by === 'none' ? 'open' : by === 'signature' ? 'signed' : `by ${by}`;
  return `${[method, ...wanted].join(' ')} (${how})`;
}

// Writes the page as `npm run vendors`; a test checks that it is current.
if (import.meta.main) writeFileSync(new URL('../docs/vendors.md', import.meta.url), `${vendorPage()}\n`);
