import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { parseJson } from '../lambdas/result.ts';

// Prints the sum of several suites' results as CI reads it; ends with 1 if any test or any step before has failed.
// Arguments: how many steps have failed, then the result file of each suite.
const [failedSteps = '1', ...files] = process.argv.slice(2);

type Counted = { readonly passed: number; readonly failed: number };

const jestSchema = z
  .object({
    numPassedTests: z.int(),
    numFailedTests: z.int(),
    /** Files that could not even be loaded. */
    numRuntimeErrorTestSuites: z.int(),
  })
  .transform(({ numPassedTests, numFailedTests, numRuntimeErrorTestSuites }) => ({
    passed: numPassedTests,
    failed: numFailedTests + numRuntimeErrorTestSuites,
  }));

/** Steps of the deploy; those that were never reached have failed. */
const deploySchema = z.object({ passed: z.int(), failed: z.int() });

const resultSchema = z.union([jestSchema, deploySchema]);

const results = files.map(readResult);
const passed = results.reduce((sum, one) => sum + one.passed, 0);
const failed = results.reduce((sum, one) => sum + one.failed, 0);
process.exitCode = failed > 0 || failedSteps !== '0' || passed === 0 ? 1 : 0;
process.stdout.write(`${passed} passed, ${failed} failed\n`);

/** A suite that has not run, was cut off or had no tests counts as one failure; the other suites' numbers stay. */
function readResult(file: string): Counted {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const result = resultSchema.safeParse(parseJson(text));
  return result.success && result.data.passed + result.data.failed > 0
    ? result.data
    : { passed: 0, failed: 1 };
}
