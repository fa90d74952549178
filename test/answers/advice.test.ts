import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { ADVICE, formatAdvice, WAITING } from '../../answers/advice.ts';

const RUNBOOK = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
const SECTIONS = new Set([...RUNBOOK.matchAll(/^### ([\w-]+)$/gm)].map(([, name = '']) => name));

const ALL = [...Object.entries(ADVICE), ...Object.entries(WAITING)];

describe('an advice', () => {
  test.each(ALL)('of %s leads to a section of the runbook that there is', (_, { section }) => {
    expect([...SECTIONS]).toContain(section);
  });

  test.each(ALL)(
    'of %s says what happened in a sentence, and what to do in an imperative',
    (_, { meaning, next }) => {
      expect(meaning).toMatch(/^[A-Z].*\.$/);
      expect(next).toMatch(/^[a-z].*[^.]$/);
    },
  );

  test('that somebody has to follow names who, until when, the command and an absolute link', () => {
    expect(formatAdvice(WAITING['webex-credentials-refused'], { until: 'until noon' })).toEqual([
      'Webex Campaign refuses the API keys (430, 498, or 401).',
      'Who: whoever is on call, until noon.',
      expect.stringMatching(/^What to do: set a key .*"npm run -s adapter -- secrets rotate webex-campaign"/),
      expect.stringMatching(/^More: (https|file):\/\/.*\/docs\/.*runbook\.md#credentials-refused$/),
    ]);
  });

  test('that nobody has to follow says so', () => {
    expect(formatAdvice(WAITING['webex-throttled'])[1]).toBe('Nobody has to do anything.');
  });

  test('names the dead letter that it is about', () => {
    const [, , next] = formatAdvice(ADVICE.unconfirmed, { id: '1f3c9a2b' });

    expect(next).toContain('dead-letter replay 1f3c9a2b --unconfirmed');
  });
});
