import type { ProfileOptions } from '../../source.ts';
import { github } from './github.ts';

/**
 * GitHub's older header with SHA-512, which servers that speak its protocol send: `X-Hub-Signature: sha512=<hex>`.
 * Source: https://github.com/google/go-github, github/messages.go (ValidateSignature).
 */
export const githubSha512 = {
  ...github,
  signature: {
    algorithm: 'sha512',
    encoding: 'hex',
    signature: { header: 'X-Hub-Signature', pick: '^sha512=(.+)$' },
  },
} satisfies ProfileOptions;
