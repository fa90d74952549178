import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Mapper, Product } from './mapping-cases.ts';

/** What 0.1.0 answers where something may go wrong. */
type Answer<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly failure: unknown };

/** A mapping file as 0.1.0 has read it; only its own functions know more. */
export type OldMapping = {
  readonly source: string;
  readonly profile: object;
  readonly events: readonly { readonly on: readonly string[] }[];
};

type OldWebhook = {
  readonly rawBody: Uint8Array;
  readonly headers: ReadonlyMap<string, string>;
  readonly receivedAt: Date;
};

type OldIdentity = { readonly eventTypes: readonly string[]; readonly bodyFormat: 'json' | 'form' };
type OldExample = { readonly name: string; readonly stage?: string; readonly webhook: OldWebhook };

/** The functions of 0.1.0 that are called, by the files of its tree. That tree never changes. */
type OldTree = {
  readonly parseMappingFile: (
    file: string,
    text: string,
    about: { readonly folder: string },
  ) => Answer<OldMapping>;
  readonly resolveMapping: (file: OldMapping, stage: string) => object;
  readonly compileMapping: (mapping: object) => object;
  readonly mapWebhook: (
    compiled: object,
    webhook: Parameters<Mapper>[0],
  ) => ReturnType<Mapper> | Awaited<ReturnType<Mapper>>;
  readonly parseBody: (bytes: Uint8Array, format: 'json' | 'form') => Answer<unknown>;
  readonly readExamples: (
    path: string,
    folder: string,
  ) => { readonly examples: readonly OldExample[]; readonly problems: readonly unknown[] };
  readonly identifyWebhook: (
    profile: object,
    webhook: Pick<OldWebhook, 'headers' | 'rawBody'>,
  ) => Answer<OldIdentity>;
};

const FILES = [
  'lambdas/map/map-webhook.ts',
  'lambdas/webhook-body.ts',
  'lambdas/ingest/identify-webhook.ts',
  'lib/map/mapping-file.ts',
  'lib/map/resolve-mapping.ts',
  'lib/map/check-mapping-folders.ts',
];

/** Loads what is needed of a clone of 0.1.0, as `clone-release` makes it. */
export async function openTree(clone: string): Promise<OldTree> {
  const modules = await Promise.all(
    FILES.map((file) => import(pathToFileURL(join(resolve(clone), file)).href)),
  );
  return Object.assign({}, ...modules) as OldTree;
}

/** The product as a clone of 0.1.0 has it. */
export function productOf({
  parseMappingFile,
  resolveMapping,
  compileMapping,
  mapWebhook,
  parseBody,
}: OldTree): Product {
  return {
    prepare: (mapping, source, stage) => {
      const file = mustBe(parseMappingFile(`${source}/mapping.yaml`, mapping, { folder: source }));
      const compiled = compileMapping(resolveMapping(file, stage));
      return async (webhook) => mapWebhook(compiled, webhook);
    },
    readBody: (bytes, format) => {
      const read = parseBody(bytes, format);
      return read.ok ? read : undefined;
    },
  };
}

/** The value of an answer; throws what went wrong, since it cannot in a tree that never changes. */
export function mustBe<Value>(answer: Answer<Value>): Value {
  if (answer.ok) return answer.value;
  throw new Error(JSON.stringify(answer.failure));
}
