import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

/**
 * What the bundles leave out of the AWS SDK, since no call that is made here gets to it where Lambda runs it. Whoever gets
 * there all the same (an environment variable that asks for it) meets an error of this name, and never other behaviour.
 */
export const LEFT_OUT = 'LeftOutOfBundle';

const SMITHY = '@smithy/core/dist-es/submodules';

/** Files of which nothing may ever be called: every function and class that they export throws. */
export const UNREACHED = [
  // Digests in JavaScript, for a Node without its own.
  `${SMITHY}/checksum/sha256/Sha256Js.js`,
  `${SMITHY}/checksum/md5/Md5Js.js`,
  // Retries that slow the client down: by AWS_RETRY_MODE=adaptive only.
  `${SMITHY}/retry/util-retry/AdaptiveRetryStrategy.js`,
  `${SMITHY}/retry/util-retry/DefaultRateLimiter.js`,
  // The region of an EC2 machine, asked for without AWS_REGION, which Lambda sets.
  `${SMITHY}/config/config-resolver/regionConfig/getInstanceMetadataRegion.js`,
  // Names of buckets, of a client whose service is S3.
  `${SMITHY}/endpoints/middleware-endpoint/service-customizations/s3.js`,
];

/** Files whose classes are constructed and then not used: to read any member of theirs throws. */
export const UNUSED = [
  // Headers of the messages of an event stream, which no call that is made here has.
  '@smithy/signature-v4/dist-es/HeaderFormatter.js',
  // Endpoints that DynamoDB was asked for, which no command of its client does any more.
  '@aws-sdk/endpoint-cache/dist-es/EndpointCache.js',
];

/** What stands for the SDK's own search for credentials, and for that for settings in files. */
const REPLACEMENT = fileURLToPath(new URL('../../lambdas/adapters/sdk.ts', import.meta.url));

/** Makes the AWS SDK of a bundle as small as its use on Lambda allows. All that stays is the SDK's own code. */
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
    onLoad({ filter: pathsOf(UNREACHED) }, ({ path }) => ({
      contents: replaceExports(path, (name) => `export function ${name}() { ${throwing(name)} }`),
    }));
    onLoad({ filter: pathsOf(UNUSED) }, ({ path }) => ({
      contents: replaceExports(
        path,
        (name) => `export function ${name}() { return new Proxy(this, { get() { ${throwing(name)} } }) }`,
      ),
    }));
  },
};

function pathsOf(files: readonly string[]): RegExp {
  const patterns = files.map((file) => file.replaceAll('.', '\\.').replaceAll('/', '[\\\\/]'));
  return new RegExp(`[\\\\/](${patterns.join('|')})$`);
}

function throwing(name: string): string {
  return `throw Object.assign(new Error('${name} is left out of the bundle'), { name: '${LEFT_OUT}' })`;
}

/** Gives each export of a file of the SDK another meaning; throws where it finds none, as after an update of the SDK. */
function replaceExports(path: string, write: (name: string) => string): string {
  const text = readFileSync(path, 'utf8');
  const names = [...text.matchAll(/^export (?:const|class|(?:async )?function) (\w+)/gm)].map(
    ([, name]) => name,
  );
  if (names.length === 0) throw new Error(`${path} exports nothing that could be left out.`);
  return names.map((name) => write(name ?? '')).join('\n');
}
