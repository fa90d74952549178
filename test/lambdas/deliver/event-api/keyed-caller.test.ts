import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { WebexKeys } from '../../../../lambdas/deliver/event-api/keys.ts';
import { createKeyedCaller, type KeyDependencies } from '../../../../lambdas/deliver/event-api/keys.ts';
import type { Attempt } from '../../../../lambdas/deliver/event-api/verdict.ts';
import { classifyAttempt, type Verdict } from '../../../../lambdas/deliver/event-api/verdict.ts';
import { fail, succeed } from '../../../../lambdas/result.ts';

const NOW = new Date('2026-11-23T12:00:00Z');

function verdictOf(status: number, body: object): Verdict {
  const attempt: Attempt = { kind: 'answered', status, retryAfter: undefined, body: JSON.stringify(body) };
  return classifyAttempt(attempt, NOW);
}

const ACCEPTED = verdictOf(200, { 'transaction-id': 'event_1' });
const REFUSED = verdictOf(401, { code: 498 });
const UNREADABLE = { code: 'secret-unreadable', secret: 'webex-campaign', cause: 'x' } as const;

/** A worker, a secret that it remembers until it reads it anew, and a vendor that knows some keys. */
function setUp(secret: WebexKeys, valid: readonly string[]) {
  const world = { secret, valid, answer: ACCEPTED, calls: [] as string[], rereads: 0 };
  let remembered = secret;
  const dependencies: KeyDependencies = {
    readKeys: async () => succeed(remembered),
    rereadKeys: async () => {
      world.rereads += 1;
      remembered = world.secret;
      return succeed(remembered);
    },
  };
  const call = async (key: string): Promise<Verdict> => {
    world.calls.push(key);
    return world.valid.includes(key) ? world.answer : REFUSED;
  };
  const send = createKeyedCaller(dependencies);
  return { world, call, send: () => send(call) };
}

function settled(verdict: Verdict, calls: 1 | 2, keyUsed: keyof WebexKeys) {
  return succeed({ verdict, calls, keyUsed });
}

describe('an event', () => {
  test('is called for once, with the primary key, where that works', async () => {
    const { world, send } = setUp({ primary: 'p', secondary: 's' }, ['p', 's']);

    expect(await send()).toEqual(settled(ACCEPTED, 1, 'primary'));
    expect([world.calls, world.rereads]).toEqual([['p'], 0]);
  });

  test('whose primary key was revoked is called for with the secondary, and those after it with that at once', async () => {
    const { world, send } = setUp({ primary: 'p', secondary: 's' }, ['s']);

    expect(await send()).toEqual(settled(ACCEPTED, 2, 'secondary'));
    expect(await send()).toEqual(settled(ACCEPTED, 1, 'secondary'));
    expect([world.calls, world.rereads]).toEqual([['p', 's', 's'], 1]);
  });

  test('is called for with a key that the secret has got since', async () => {
    const { world, send } = setUp({ primary: 'old' }, ['new']);
    world.secret = { primary: 'new' };

    expect(await send()).toEqual(settled(ACCEPTED, 2, 'primary'));
    expect(await send()).toEqual(settled(ACCEPTED, 1, 'primary'));
    expect(world.calls).toEqual(['old', 'new', 'new']);
  });

  test('without a second key is called for once', async () => {
    const { world, send } = setUp({ primary: 'p' }, []);

    expect(await send()).toEqual(settled(REFUSED, 1, 'primary'));
    expect([world.calls, world.rereads]).toEqual([['p'], 1]);
  });

  test('is called for twice at most, even if the secret holds a third key by then', async () => {
    const { world, send } = setUp({ primary: 'p', secondary: 's' }, []);
    world.secret = { primary: 'p2', secondary: 's' };

    expect(await send()).toEqual(settled(REFUSED, 2, 'primary'));
    expect(world.calls).toEqual(['p', 'p2']);
    // The third has its turn with the next event.
    await send();
    expect(world.calls).toEqual(['p', 'p2', 's']);
  });

  test('is never called for again after any other answer: it may have been accepted', async () => {
    for (const verdict of [
      verdictOf(502, {}),
      verdictOf(429, {}),
      verdictOf(403, {}),
      classifyAttempt({ kind: 'no-answer', cause: 'timeout' }, NOW),
    ]) {
      const { world, send } = setUp({ primary: 'p', secondary: 's' }, ['p']);
      world.answer = verdict;

      expect(await send()).toEqual(settled(verdict, 1, 'primary'));
      expect(world.calls).toEqual(['p']);
    }
  });
});

describe('with every key refused', () => {
  test('the secret is read before the one call of a probe, and the keys take turns', async () => {
    const { world, send } = setUp({ primary: 'p', secondary: 's' }, []);
    await send();
    expect([world.calls, world.rereads]).toEqual([['p', 's'], 1]);

    expect(await send()).toEqual(settled(REFUSED, 1, 'primary'));
    expect(await send()).toEqual(settled(REFUSED, 1, 'secondary'));
    expect([world.calls.slice(2), world.rereads]).toEqual([['p', 's'], 3]);
  });

  test('a new key in the secret is called with at once, and no refused one before it', async () => {
    const { world, send } = setUp({ primary: 'p' }, []);
    await send();
    world.secret = { primary: 'new', secondary: 'p' };
    world.valid = ['new'];

    expect(await send()).toEqual(settled(ACCEPTED, 1, 'primary'));
    expect(world.calls).toEqual(['p', 'new']);
  });

  test('two new keys are both tried, and the secret is read but once', async () => {
    const { world, send } = setUp({ primary: 'p' }, []);
    await send();
    world.secret = { primary: 'a', secondary: 'b' };
    world.valid = ['b'];
    world.rereads = 0;

    expect(await send()).toEqual(settled(ACCEPTED, 2, 'secondary'));
    expect([world.calls, world.rereads]).toEqual([['p', 'a', 'b'], 1]);
  });

  test('a key that works again makes a clean slate', async () => {
    const { world, send } = setUp({ primary: 'p', secondary: 's' }, []);
    await send();
    world.valid = ['p'];
    expect(await send()).toEqual(settled(ACCEPTED, 1, 'primary'));

    world.valid = ['s'];
    expect(await send()).toEqual(settled(ACCEPTED, 2, 'secondary'));
  });
});

describe('a secret that cannot be read', () => {
  test('at all has no call made', async () => {
    const send = createKeyedCaller({
      readKeys: async () => fail(UNREADABLE),
      rereadKeys: async () => undefined,
    });
    const calls: string[] = [];

    const result = await send(async (key) => {
      calls.push(key);
      return ACCEPTED;
    });
    expect([result, calls]).toEqual([fail(UNREADABLE), []]);
  });

  test.each([
    ['anew', fail(UNREADABLE)],
    ['again so soon', undefined],
  ])('%s leaves the keys that are known', async (_, reread) => {
    const send = createKeyedCaller({
      readKeys: async () => succeed({ primary: 'p', secondary: 's' }),
      rereadKeys: async () => reread,
    });
    const calls: string[] = [];
    const call = async (key: string) => {
      calls.push(key);
      return key === 's' ? ACCEPTED : REFUSED;
    };

    expect(await send(call)).toEqual(settled(ACCEPTED, 2, 'secondary'));
    expect(calls).toEqual(['p', 's']);
  });
});

test('an event does not call twice with one key, though another event has shown meanwhile that it works', async () => {
  const answers = Promise.withResolvers<Verdict>();
  const others: Promise<unknown>[] = [];
  const send = createKeyedCaller({
    readKeys: async () => succeed({ primary: 'p' }),
    rereadKeys: async () => {
      answers.resolve(ACCEPTED);
      await Promise.all(others);
      return succeed({ primary: 'p' });
    },
  });
  const calls: string[] = [];
  others.push(send(() => answers.promise));

  const result = await send(async (key) => {
    calls.push(key);
    return REFUSED;
  });
  expect([result, calls]).toEqual([settled(REFUSED, 1, 'primary'), ['p']]);
});

const anyKey = fc.constantFrom<string[]>('a', 'b', 'c', 'd');
const anySecret = fc.record({ primary: anyKey, secondary: anyKey }, { requiredKeys: ['primary'] });
const anyAnswer = fc.constantFrom(ACCEPTED, verdictOf(502, {}), verdictOf(403, {}));
/** A change of the world between two events: what the secret holds, which keys the vendor knows, what it answers. */
const anyWorld = fc.record({ secret: anySecret, valid: fc.uniqueArray(anyKey), answer: anyAnswer });

describe('whatever becomes of keys and secret,', () => {
  test('an event has two calls at most, none with a key known to be refused while another is untried', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyWorld, { minLength: 1, maxLength: 20 }), async (worlds) => {
        const { world, send } = setUp({ primary: 'a', secondary: 'b' }, ['a']);
        let refused: ReadonlySet<string> = new Set();
        for (const next of worlds) {
          Object.assign(world, next, { calls: [] });
          await send();
          refused = judgeCalls(world.calls, refused, next);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('with a valid key in the secret no event is late, and one at most is called for twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        anySecret,
        fc.uniqueArray(anyKey),
        fc.integer({ min: 1, max: 9 }),
        async (secret, keys, events) => {
          const valid = [...keys, secret.secondary ?? secret.primary];
          const { world, send } = setUp(secret, valid);
          for (let event = 0; event < events; event += 1) {
            expect(await send()).toMatchObject({ value: { verdict: ACCEPTED } });
          }

          expect(world.calls.length).toBeLessThanOrEqual(events + 1);
        },
      ),
    );
  });
});

type World = { readonly secret: WebexKeys; readonly valid: readonly string[]; readonly answer: Verdict };

/** Judges the calls of an event, and gives the keys that are known to be refused after them. */
function judgeCalls(calls: readonly string[], refusedBefore: ReadonlySet<string>, world: World) {
  expect([1, 2]).toContain(calls.length);
  expect(new Set(calls).size).toBe(calls.length);
  let refused = refusedBefore;
  for (const key of calls) {
    expect(refused.has(key) ? untried(world.secret, refused) : []).toEqual([]);
    refused = learn(refused, key, world);
  }
  return refused;
}

function learn(refused: ReadonlySet<string>, key: string, { valid, answer }: World): ReadonlySet<string> {
  if (!valid.includes(key)) return new Set([...refused, key]);
  return answer === ACCEPTED ? new Set() : refused;
}

function untried(
  { primary, secondary = primary }: WebexKeys,
  refused: ReadonlySet<string>,
): readonly string[] {
  return [primary, secondary].filter((key) => !refused.has(key));
}
