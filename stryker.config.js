const { STAGE = 'ingest' } = process.env;

/** Mutation testing of one stage: `STAGE=ingest npm run -s mutate`. docs/verification.md holds the score and what survives. */
export default {
  // A handler only wires adapters to its stage: its bundle is what is tested (test/story). Profiles are data, as vendors
  // document it: published vectors and the vendors' libraries are what they are held to.
  mutate: [`lambdas/${STAGE}/**/*.ts`, '!lambdas/*/handler.ts', '!lambdas/ingest/signature/profiles/*.ts'],
  testRunner: 'jest',
  // The tests are imported by a computed name (test/mutation), which jest cannot see relations through.
  jest: { configFile: 'jest.mutation.config.js', enableFindRelatedTests: false },
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  coverageAnalysis: 'perTest',
  // Stryker would rewrite tsconfig.json by an API that TypeScript 7 does not have: let it find none.
  tsconfigFile: 'no-tsconfig.json',
  ignorePatterns: ['cdk.out', '.cache', 'dist'],
  // Modules that jest has loaded stay in memory: after some dozens of runs a process is slow enough to pass for hung.
  maxTestRunnerReuse: 40,
  // On a busy machine: what is slow is not to pass for what never ends.
  timeoutMS: 30_000,
  concurrency: 2,
  reporters: ['clear-text', 'json', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: 'reports/mutation.json' },
};
