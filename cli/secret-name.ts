import type { Account } from './account.ts';

/** The name in Secrets Manager of what a mapping file calls so. */
export function secretNameIn(_account: Pick<Account, 'stackName'>, secret: string): string {
  return secret;
}
