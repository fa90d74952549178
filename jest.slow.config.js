import config from './jest.config.js';

/** The tests that take minutes, and that no change of a mapping or a stage can break. @type {import('jest').Config} */
export default { ...config, testMatch: ['**/*.slow.test.ts'], testPathIgnorePatterns: ['/node_modules/'] };
