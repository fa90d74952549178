/** @type {import('jest').Config} */
export default {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
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
  // A busy machine is no failure; what hangs is one.
  testTimeout: 120_000,
};
