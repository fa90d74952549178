import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The mapping as it is deployed. What had another name before says so. */
export type Deployed = {
  readonly source: 'shop' | 'store';
  readonly formerSources: readonly string[];
  readonly one: 'one' | 'uno';
  readonly formerOnes: readonly string[];
  readonly hasOne: boolean;
  readonly hasAlso: boolean;
  readonly hasEach: boolean;
  readonly hasSource: boolean;
};

export const FIRST: Deployed = {
  source: 'shop',
  formerSources: [],
  one: 'one',
  formerOnes: [],
  hasOne: true,
  hasAlso: true,
  hasEach: true,
  hasSource: true,
};

/** Writes a project's mapping folders. Returns where they are. */
export function writeMappings(directory: string, deployed: Deployed): string {
  const { source, formerSources, one, formerOnes, hasOne, hasAlso, hasEach, hasSource } = deployed;
  const formerly = (names: readonly string[]) =>
    names.length === 0 ? '' : `formerly: [${names.join(', ')}]`;
  const head = (name: string, more: string) =>
    `source: ${name}\n${more}\nverify: shopify\nsecret: webhooks/shop\nevents:\n`;
  const event = (name: string, on: string, key: string, more: string) =>
    `  - { name: ${name}, on: ${on}, event-id: evt_1, event-key: "{% ${key} %}"${more && `, ${more}`} }\n`;
  const events = [
    hasOne ? event(one, 'solo', "id & '/one'", formerly(formerOnes)) : '',
    hasAlso ? event('also', 'solo', "id & '/also'", '') : '',
    hasEach
      ? event(
          'each',
          'batch',
          "id & '/each/' & $string($item = 'a' ? 0 : $item = 'b' ? 1 : 2)",
          'items: "{% items %}", deduplication-id: "{% id & \'-\' & $item %}"',
        )
      : '',
  ].join('');
  const isThere = hasSource && events !== '';
  const name = isThere ? source : 'other';
  const text = isThere
    ? head(source, formerly(formerSources)) + events
    : head('other', '') + event('other', 'other', 'id', '');
  const project = join(directory, createHash('sha256').update(text).digest('hex'));
  mkdirSync(join(project, name), { recursive: true });
  writeFileSync(join(project, name, 'mapping.yaml'), text);
  return project;
}
