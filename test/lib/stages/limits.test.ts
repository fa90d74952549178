import { describe, expect, test } from '@jest/globals';
import {
  findEqualIds,
  findTooLarge,
  findUnfitExecutions,
  findUnfitName,
  findUnfitSource,
} from '../../../lib/stages/limits.ts';

describe('a name', () => {
  test.each(['webhook-adapter-prod', 'Shop_1', 'n'.repeat(68)])('may be %s', (name) => {
    expect(findUnfitName(name)).toBeUndefined();
  });

  test.each([
    ['', 'expected letters, digits'],
    ['shop eu', 'found "shop eu"'],
    ['shop/eu', 'found "shop/eu"'],
    ['n'.repeat(69), 'has 69. Give the adapter a shorter name.'],
  ])('may not be %j', (name, sentence) => {
    expect(findUnfitName(name)).toContain(sentence);
  });
});

test('a source may not be named as the secret of the keys, nor longer than the name of an alarm allows', () => {
  expect(findUnfitSource('stripe')).toBeUndefined();
  expect(findUnfitSource('s'.repeat(64))).toBeUndefined();
  expect(findUnfitSource('s'.repeat(65))).toContain('expected 64 characters at most, found 65');
  expect(findUnfitSource('webex-campaign')).toContain('is the name of the secret');
});

test('sources that differ by hyphens alone would have one output, and the synth names them', () => {
  expect(findEqualIds(['shop-1', 'shop1', 'shop', 's-hop'])).toEqual([
    'shop-1, shop1: CloudFormation leaves hyphens out of ids. Rename all but one.',
    'shop, s-hop: CloudFormation leaves hyphens out of ids. Rename all but one.',
  ]);
});

describe('executions', () => {
  test.each([
    [{ ingest: 900, deliver: 2, account: undefined }, {}],
    [{ ingest: undefined, deliver: 10, account: 10 }, {}],
    [{ ingest: 901, deliver: 2, account: undefined }, { ingest: /runs 1000 .*: give 900 at most\.$/ }],
    [{ ingest: 1, deliver: 2, account: 50 }, { ingest: /none can be reserved/ }],
    [{ ingest: undefined, deliver: 11, account: 10 }, { deliver: /give 10 at most/ }],
  ])('%j', (executions, problems) => {
    const found = findUnfitExecutions(executions);
    expect(Object.keys(found)).toEqual(Object.keys(problems));
    for (const [claimed, pattern] of Object.entries(problems))
      expect(found[claimed as keyof typeof found]).toMatch(pattern);
  });
});

describe('a stack', () => {
  const size = { stack: 's', sources: 100, resources: 500, outputs: 200, resourcesPerSource: 3 };

  test('of just as much as CloudFormation takes is none too large', () => {
    expect(findTooLarge(size)).toEqual([]);
  });

  test.each([
    [{ resources: 501 }, '501 resources, and CloudFormation takes 500. 99 sources fit.'],
    [{ resources: 504 }, '504 resources, and CloudFormation takes 500. 98 sources fit.'],
    [{ outputs: 207 }, '207 outputs, and CloudFormation takes 200. 93 sources fit.'],
    [
      { resources: 530, outputs: 205 },
      '530 resources, and CloudFormation takes 500; 205 outputs, and CloudFormation takes 200. 90 sources fit.',
    ],
    [{ resources: 900 }, 'Even without a source it would not fit.'],
  ])('of %j is too large', (more, sentence) => {
    expect(findTooLarge({ ...size, ...more })).toEqual([expect.stringContaining(sentence)]);
  });
});
