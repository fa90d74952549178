/** Variables that name a file of settings, of which a function has none. */
const FILES = ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'];

const named = FILES.find((variable) => process.env[variable] !== undefined);
if (named !== undefined) {
  throw Object.assign(new Error(`${named} is set, and no file is read`), { name: 'LeftOutOfBundle' });
}

/** One for all of the SDK's settings: an error each would have its stack written each time. */
const NONE = Object.assign(new Error('no settings in files'), { tryNextLink: true });

/**
 * Takes the place of the SDK's search for its settings in files in the bundles (`lib/lean-sdk.ts`): on Lambda they come
 * from the environment, or are the SDK's defaults. To read files the SDK loads Node's promises of them, which takes longer
 * than all of our own code. Says that there is no setting, so that the SDK goes on to its default. A function whose
 * environment names a file does not start.
 */
export const fromSharedConfigFiles = () => async (): Promise<never> => {
  throw NONE;
};
