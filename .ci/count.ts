import { readFileSync } from 'node:fs';
import * as z from 'zod';

// Prints the count of jest's result file and of the deploy suite's as CI reads it; ends with 1 if any test or any step
// before has failed.
const [jestFile = '', deployFile = '', failedSteps = '1'] = process.argv.slice(2);

const jestSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  /** Files that could not even be loaded. */
  numRuntimeErrorTestSuites: z.int(),
});

/** Steps of the deploy; those that were never reached have failed. */
const deploySchema = z.object({ passed: z.int(), failed: z.int() });

const jest = jestSchema.parse(JSON.parse(readFileSync(jestFile, 'utf8')));
const deploy = readDeploy();
const failed = jest.numFailedTests + jest.numRuntimeErrorTestSuites + deploy.failed;
const isNothingTested = jest.numPassedTests === 0 || deploy.passed === 0;
process.exitCode = failed > 0 || failedSteps !== '0' || isNothingTested ? 1 : 0;
process.stdout.write(`${jest.numPassedTests + deploy.passed} passed, ${failed} failed\n`);

/** A deploy suite that has not even begun has failed, and hides nobody else's numbers. */
function readDeploy(): z.infer<typeof deploySchema> {
  const text = readFileSync(deployFile, 'utf8');
  return text === '' ? { passed: 0, failed: 1 } : deploySchema.parse(JSON.parse(text));
}
