import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * Takes the place of the SDK's own search for credentials in the bundles (`lib/lean-sdk.ts`): Lambda puts a
 * function's into its environment, and nowhere else. The search is a third of what the SDK has a cold start load. They are
 * read once, since they stay the same as long as the process does.
 */
export const defaultProvider = () => {
  const credentials = fromEnv()();
  // Whoever asks is told; nobody may ask for a while.
  credentials.catch(() => undefined);
  return () => credentials;
};
