import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

/** What stands for the SDK's own search for credentials, and for that for settings in files. */
const REPLACEMENT = fileURLToPath(new URL('../../lambdas/adapters/sdk.ts', import.meta.url));

/** Takes out of a bundle what the AWS SDK looks for where a Lambda function has nothing. All that stays is the SDK's own code. */
export const leanSdk: Plugin = {
  name: 'lean-sdk',
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, () => ({ path: REPLACEMENT }));
    onResolve({ filter: /\/fromSharedConfigFiles$/ }, () => ({ path: REPLACEMENT }));
    // A client reads its version there, and brings all the rest along.
    onLoad({ filter: /[\\/]@aws-sdk[\\/]client-[^\\/]+[\\/]package\.json$/ }, ({ path }) => {
      const { version } = JSON.parse(readFileSync(path, 'utf8'));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};
