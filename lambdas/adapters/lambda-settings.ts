/** Variables that name a file of settings, of which a function has none. */
const FILES = ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'];

/**
 * Takes the place of the SDK's search for its settings in files in the bundles (`lib/lean-sdk.ts`): on Lambda they come
 * from the environment, or are the SDK's defaults. To read files the SDK loads Node's promises of them, which is a tenth
 * of a cold start. Says that there is no setting, so that the SDK goes on to its default; throws where a file is named.
 */
export const fromSharedConfigFiles = () => async (): Promise<never> => {
  const named = FILES.find((variable) => process.env[variable] !== undefined);
  if (named !== undefined)
    throw Object.assign(new Error(`${named} is not read`), { name: 'LeftOutOfBundle' });
  throw Object.assign(new Error('no settings in files'), { tryNextLink: true });
};
