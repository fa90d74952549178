import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import fc from 'fast-check';

// The tests of one stage as one file: a mutant's run then loads the modules once, not once per file. Left out is what
// asks other libraries or tries very many requests: it is slow, and finds what the others find.
// TESTS, a pattern of file names, leaves out still more: what the rest kills is killed.
const { STAGE = 'ingest', TESTS = '' } = process.env;
const SLOW =
  /^(a-million-requests|outage|every-profile|linear-time|vendor-libraries|contract|jsonata-loading)\./;
const ALSO: Readonly<Record<string, readonly string[]>> = {
  ingest: ['cli/webhooks/doctor.test.ts', 'signing/sign-webhook.test.ts', 'lib/mapping/file.test.ts'],
  map: ['lib/mapping/mapping-language.test.ts', 'lib/mapping/file.test.ts'],
};

// The same values for every mutant, and no search for the smallest that fails.
fc.configureGlobal({ seed: 1, numRuns: 15, endOnFailure: true });

// How many random expressions are compared with JSONata: this one is said in the test itself.
process.env.RUNS ??= '200';

const own = readdirSync(new URL(`../lambdas/${STAGE}`, import.meta.url), {
  recursive: true,
  encoding: 'utf8',
})
  .filter((file) => file.endsWith('.test.ts') && !SLOW.test(basename(file)))
  .map((file) => `lambdas/${STAGE}/${file}`);
const chosen = [...own, ...(ALSO[STAGE] ?? [])].filter((file) => new RegExp(TESTS).test(file));
for (const file of chosen) await import(new URL(`../${file}`, import.meta.url).href);
