import { createRequire } from 'node:module';

// The bundle stays CommonJS; only this file is an ES module, since Lambda waits for no other kind to have finished.
const { handler, ready } = createRequire(import.meta.url)('./bundle.cjs');
await ready;

export { handler };
