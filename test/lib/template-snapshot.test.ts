import { describe, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { EVERYTHING, templateOf } from './stacks.ts';

/** A change of code or mappings changes the hash of a bundle; what is made of it is not changed thereby. */
function withoutHashes(template: Template): unknown {
  return JSON.parse(JSON.stringify(template.toJSON()).replaceAll(/\b[0-9a-f]{64}\b/g, '<hash>'));
}

// A change that is wanted is recorded by `npm test -- test/lib/template-snapshot.test.ts -u`, and read in the review.
describe('the template', () => {
  test('of a stage with everything on is as it was reviewed', () => {
    expect(withoutHashes(templateOf('prod', EVERYTHING, { sources: ['stripe'] }))).toMatchSnapshot();
  });
});
