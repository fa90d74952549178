import { readFileSync } from 'node:fs';
import * as z from 'zod';

// Prints the count of jest's result file as CI reads it; ends with 1 if any test or any step before has failed.
const [file = '', failedSteps = '1'] = process.argv.slice(2);

const resultsSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  /** Files that could not even be loaded. */
  numRuntimeErrorTestSuites: z.int(),
});

const results = resultsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
process.exitCode = failed > 0 || failedSteps !== '0' || results.numPassedTests === 0 ? 1 : 0;
process.stdout.write(`${results.numPassedTests} passed, ${failed} failed\n`);
