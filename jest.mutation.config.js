import config from './jest.config.js';

/** @type {import('jest').Config} */
export default { ...config, testMatch: ['<rootDir>/test/mutation/tests-of-stage.ts'] };
