import { describe, expect, test } from '@jest/globals';
import { mutate, WITHOUT_PREFETCH } from '../../bench/sections/functions.ts';
import { REHEARSAL_MUTANTS, STORY_MUTANTS, UNBOUNDED_RETRY } from './mutants.ts';

const MUTANTS = [
  ...Object.values(STORY_MUTANTS),
  ...REHEARSAL_MUTANTS.map(({ mutant }) => mutant),
  UNBOUNDED_RETRY,
  WITHOUT_PREFETCH,
];

// The slow suites and the bench run the mutants; a change of the code that a mutant patches is seen here.
describe('a mutant finds the text that it changes', () => {
  test.each(MUTANTS)('in $file', (mutant) => {
    expect(() => mutate(mutant)).not.toThrow();
  });

  test('or is an error', () => {
    const mutant = { file: 'result.ts', changes: [['no such text', '']] } as const;

    expect(() => mutate(mutant)).toThrow('result.ts has no "no such text" to change.');
  });
});
