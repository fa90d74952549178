// Every synth would check its templates against CloudFormation's schemas, in half of its time. `npm run synth` does.
process.env.CDK_VALIDATION = 'false';

/** What a person waits for; `jest.slow.config.js` has the rest. @type {import('jest').Config} */
export default {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '\\.slow\\.test\\.ts$'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript' },
          target: 'es2024',
          // Node wants `with { type: 'json' }` of what imports JSON.
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  // What the example imports, where it is synthesized from source.
  moduleNameMapper: { '^webex-campaign-webhook-adapter/(.*)$': '<rootDir>/lib/$1.ts' },
  // The story starts real servers and worker threads on this machine; two cores are the smallest it meets.
  maxWorkers: 2,
  // What a file has loaded is never freed: a worker that holds too much of it spends its time on that, and ends late.
  workerIdleMemoryLimit: '1GB',
  // A busy machine is no failure; what hangs is one.
  testTimeout: 120_000,
};
