import { fromEnv } from '@aws-sdk/credential-provider-env';

// Replaces two searches of the AWS SDK in the bundles (`lib/bundle/bundle-function.ts`), which look through files and networks
// that no Lambda function has. Only the bundles use it: elsewhere the SDK searches as usual.

/** Variables that name a file of settings, which the bundles do not read. */
const FILES = ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'];

// A function whose environment names one does not start: ignoring it in silence would surprise the operator.
const named = FILES.find((variable) => process.env[variable] !== undefined);
if (named !== undefined) {
  throw new Error(`${named} is set, but the functions read no settings from files.`);
}

/**
 * Replaces the SDK's search for credentials, a third of the SDK's code: Lambda puts a function's credentials into its
 * environment and nowhere else. They are read once, since they stay the same for the life of the process.
 */
export const defaultProvider = () => {
  const credentials = fromEnv()();
  // Handled here, as no call may be waiting yet; every call that needs the credentials still fails with this error.
  credentials.catch(() => undefined);
  return () => credentials;
};

/** One error for all settings, since each new error costs a stack trace. */
const NONE = Object.assign(new Error('no settings in files'), { tryNextLink: true });

/**
 * Replaces the SDK's search for settings in files, for which Node loads `fs/promises`: that takes longer than all our own
 * code. Answers that there is no setting, so that the SDK uses its default.
 */
export const fromSharedConfigFiles = () => async (): Promise<never> => {
  throw NONE;
};
