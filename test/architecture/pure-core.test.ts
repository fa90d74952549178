import { describe, expect, test } from '@jest/globals';
import { readSourceFiles } from './source-files.ts';

const CORE = readSourceFiles('lambdas').filter(
  ({ path }) => !path.endsWith('/handler.ts') && !path.startsWith('lambdas/adapters/'),
);

const OUTSIDE_WORLD: readonly [string, RegExp][] = [
  ['the AWS SDK or middy', /'@(aws-sdk|smithy|middy)\//],
  [
    'the network or the file system',
    /'node:(http|net|tls|dns|dgram|fs|child_process|worker_threads)|\bfetch\(/,
  ],
  ['the environment', /\bprocess\./],
  ['the clock', /Date\.now\(|new Date\(\)|performance\.now|set(Timeout|Interval|Immediate)\(/],
  ['randomness', /Math\.random|randomUUID|randomBytes/],
  ['the console', /\bconsole\./],
];

test('there are files to look at', () => {
  expect(CORE.length).toBeGreaterThan(30);
});

describe('outside of handler.ts and adapters/, no file of lambdas/', () => {
  test.each(OUTSIDE_WORLD)('touches %s: it comes in as a value or a dependency', (_, pattern) => {
    expect(CORE.filter(({ text }) => pattern.test(text)).map(({ path }) => path)).toEqual([]);
  });

  test('throws: an expected failure is a value', () => {
    expect(
      CORE.filter(({ text }) => /\bthrow\b/.test(withoutComments(text))).map(({ path }) => path),
    ).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
}
