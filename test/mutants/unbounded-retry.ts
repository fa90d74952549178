import type { Mutant } from '../../bench/measure/bundle-mutant.ts';
import type { Twin } from './mutants.ts';

/** A budget that a rehearsal can wait for: ten minutes of the queues' clock. */
const SHORT_BUDGET = ['budgetSeconds: 86_400', 'budgetSeconds: 600'] as const;

/** The real code but for the length of the budget. */
export const SHORT_OF_TIME: Mutant = {
  function: 'deliver',
  file: 'deliver/retry-schedule.ts',
  changes: [SHORT_BUDGET],
};

/** The broken variant that only shows once the budget is over. */
export const UNBOUNDED_RETRY: Twin = {
  name: 'unbounded retry',
  foundOut: /4 messages are still on the buffer/,
  mutant: {
    ...SHORT_OF_TIME,
    changes: [
      SHORT_BUDGET,
      [
        'return now.getTime() - firstSeenAt.getTime() >= RETRY_SCHEDULE.budgetSeconds * 1000;',
        'return false;',
      ],
    ],
  },
};
