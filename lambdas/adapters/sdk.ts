import { fromEnv } from '@aws-sdk/credential-provider-env';

// Takes the place of two searches of the AWS SDK in the bundles (`lib/bundle/bundle-function.ts`), which look through files and
// networks that no Lambda function has. Nothing else imports it: elsewhere the SDK searches as it always does.

/** Variables that name a file of settings. The functions' bundles read none. */
const FILES = ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'];

// A function whose environment names one does not start: to ignore it would be another behaviour.
const named = FILES.find((variable) => process.env[variable] !== undefined);
if (named !== undefined) {
  throw new Error(`${named} is set, but the functions read no settings from files.`);
}

/**
 * In the place of the SDK's search for credentials, a third of the SDK's code: Lambda puts a function's credentials into
 * its environment, and nowhere else. They are read once, since they stay the same for as long as the process lives.
 */
export const defaultProvider = () => {
  const credentials = fromEnv()();
  // Every call that needs them fails with this error; until the first call, nobody listens for it.
  credentials.catch(() => undefined);
  return () => credentials;
};

/** One error for all settings: each new error would have its stack written. */
const NONE = Object.assign(new Error('no settings in files'), { tryNextLink: true });

/**
 * In the place of the SDK's search for settings in files, for which Node loads `fs/promises`: longer than all our own
 * code takes. Says that there is no setting, so that the SDK goes on to its default.
 */
export const fromSharedConfigFiles = () => async (): Promise<never> => {
  throw NONE;
};
