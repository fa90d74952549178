import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { earlierBodies, type Redelivery } from '../../../lambdas/map/webhook.ts';

const COUNTED: Redelivery = { member: 'attemptNumber', first: 0 };
const FLAGGED: Redelivery = { member: 'isRedelivery', first: false };

function earlier(body: string, redelivery: Redelivery): readonly string[] {
  return earlierBodies(Buffer.from(body), redelivery).map((bytes) => Buffer.from(bytes).toString('utf8'));
}

describe('the earlier bodies of a webhook whose deliveries are counted', () => {
  test.each([
    ['[{"attemptNumber":0}]', []],
    ['[{"attemptNumber":1}]', ['[{"attemptNumber":0}]']],
    ['[{"attemptNumber" : 2 }]', ['[{"attemptNumber" : 1 }]', '[{"attemptNumber" : 0 }]']],
    ['[{"attemptNumber":2},{"attemptNumber":1}]', ['[{"attemptNumber":1},{"attemptNumber":0}]']],
    ['[{"attemptNumber":1},{"attemptNumber":0}]', []],
    ['[{"attemptNumber":10}]', Array.from({ length: 10 }, (_, index) => `[{"attemptNumber":${9 - index}}]`)],
    ['[{"attemptNumber":true}]', []],
    ['[{"attemptNumber":1.5}]', []],
    ['[{"attemptNumber":"1"}]', []],
    ['[{"other":1}]', []],
    ['', []],
  ])('%s are %j', (body, bodies) => {
    expect(earlier(body, COUNTED)).toEqual(bodies);
  });

  test('keep a text that only quotes the member', () => {
    const note = JSON.stringify('"attemptNumber":1');

    expect(earlier(`[{"note":${note},"attemptNumber":1}]`, COUNTED)).toEqual([
      `[{"note":${note},"attemptNumber":0}]`,
    ]);
  });

  test('are found in a body of any length', () => {
    const items = Array.from({ length: 200_000 }, () => '{"attemptNumber":1}').join();

    expect(earlier(`[${items}]`, COUNTED)).toEqual([`[${items.replaceAll('1', '0')}]`]);
  });

  test('are at most twenty', () => {
    expect(earlier('[{"attemptNumber":999999999}]', COUNTED)).toHaveLength(20);
  });
});

describe('the earlier body of a webhook that says it is sent again', () => {
  test.each([
    ['{"isRedelivery":false}', []],
    ['{"isRedelivery":true}', ['{"isRedelivery":false}']],
    ['[{"isRedelivery": true},{"isRedelivery":true}]', ['[{"isRedelivery": false},{"isRedelivery":false}]']],
    ['{"isRedelivery":1}', []],
    ['{"note":"true"}', []],
  ])('%s is %j', (body, bodies) => {
    expect(earlier(body, FLAGGED)).toEqual(bodies);
  });
});

test('a retry of any bytes leads back to the bytes that were sent first', () => {
  fc.assert(
    fc.property(
      fc.uint8Array(),
      fc.uint8Array(),
      fc.integer({ min: 1, max: 20 }),
      (before, after, attempts) => {
        const bodyAt = (attempt: number) =>
          Buffer.concat([before, Buffer.from(`,"attemptNumber":${attempt},`), after]);
        const bodies = earlierBodies(bodyAt(attempts), COUNTED).map((bytes) =>
          Buffer.from(bytes).toString('hex'),
        );

        expect(bodies).toHaveLength(attempts);
        expect(bodies.at(-1)).toBe(bodyAt(0).toString('hex'));
      },
    ),
  );
});
