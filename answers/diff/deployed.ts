import { fileURLToPath } from 'node:url';
import { GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { unzipSync } from 'fflate';
import * as z from 'zod';
import { CATALOGUE_FILE } from '../../lambdas/adapters/lambda.ts';
import { sourceSchema } from '../../lambdas/ingest/source.ts';
import { mappingSchema } from '../../lambdas/map/mapping.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { functionCode } from '../../lib/bundle/function-code.ts';
import { docsPage } from '../../lib/config/terminal.ts';
import { findAdapter, type OfFunction } from '../deployed-stack.ts';
import type { SideSource } from './outcome.ts';

/** What a stack on AWS has deployed. */
export type Deployed = {
  readonly sources: readonly SideSource[];
  /** Whether the deployed functions run the code that this version would deploy. */
  readonly isSameCode: boolean;
};

const HANDLERS = {
  ingest: fileURLToPath(new URL('../../lambdas/ingest/handler.ts', import.meta.url)),
  deliver: fileURLToPath(new URL('../../lambdas/deliver/handler.ts', import.meta.url)),
};

type Stage = OfFunction['stage'];

/** The files of a function's package, by their names. */
type Package = Readonly<Record<string, Uint8Array>>;

/**
 * Reads the catalogues out of the packages of an adapter's functions, which `grantReadMappings` allows; fails with a sentence.
 * @param stackName the name of the adapter, or of its stack
 */
export async function readDeployed(stackName: string): Promise<Result<Deployed, string>> {
  const found = await findAdapter(stackName);
  if (!found.ok) return fail(`${found.failure}\n${ALLOWED}`);
  try {
    const { functions } = found.value;
    const [ingest, deliver] = [
      await readPackage('ingest', functions),
      await readPackage('deliver', functions),
    ];
    if (ingest === undefined || deliver === undefined) {
      return fail(`The stack ${stackName} has no ingest and deliver function, or more than one of each.`);
    }
    const sources = readSources(ingest, deliver);
    if (sources === undefined) {
      return fail(`The catalogue of ${stackName} is of another version, and cannot be read by this one.`);
    }
    const isSameCode = isCode('ingest', ingest) && isCode('deliver', deliver);
    return succeed({ sources, isSameCode });
  } catch (error) {
    return explainRefusal(error);
  }
}

async function readPackage(stage: Stage, functions: readonly OfFunction[]): Promise<Package | undefined> {
  const [one, ...others] = functions.filter((other) => other.stage === stage);
  if (one === undefined || others.length > 0) return undefined;
  const { Code } = await new LambdaClient({}).send(new GetFunctionCommand({ FunctionName: one.name }));
  // A URL that S3 signed: it needs no other permission.
  const answer = await fetch(Code?.Location ?? '');
  if (!answer.ok) throw new Error(`The package of ${one.name} could not be read: HTTP ${answer.status}.`);
  return unzipSync(new Uint8Array(await answer.arrayBuffer()));
}

function readSources(ingest: Package, deliver: Package): readonly SideSource[] | undefined {
  const sources = parseCatalogue(ingest, sourceSchema);
  if (sources === undefined) return undefined;
  return parseCatalogue(deliver, mappingSchema)?.flatMap((mapping) => {
    const { profile } = sources.find(({ source }) => source === mapping.source) ?? {};
    return profile === undefined ? [] : [{ profile, mapping }];
  });
}

function parseCatalogue<Entry>(files: Package, entry: z.ZodType<Entry>): readonly Entry[] | undefined {
  const text = Buffer.from(files[CATALOGUE_FILE] ?? []).toString('utf8');
  try {
    return z.array(entry).safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Whether a package has the files that this version would deploy, beside its catalogue. */
function isCode(stage: Stage, deployed: Package): boolean {
  const today = functionCode(HANDLERS[stage]);
  const names = Object.keys(deployed).filter((name) => name !== CATALOGUE_FILE && !name.endsWith('/'));
  return (
    names.length === today.size &&
    names.every((name) => today.get(name)?.equals(deployed[name] ?? Buffer.of()))
  );
}

const ALLOWED = `The mappings of a stack are read by grantReadMappings (${docsPage('change-a-mapping.md')}).`;

/** What AWS refuses, and what to do; anything else is not ours to explain. */
function explainRefusal(error: unknown): Result<never, string> {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (/AccessDenied/.test(name)) return fail(`${message}\n${ALLOWED}`);
  throw error;
}
