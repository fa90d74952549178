import { describe, expect, test } from '@jest/globals';
import { type Mapping, mappingSchema } from '../../../lambdas/map/mapping.ts';
import { prepareMappings } from '../../../lambdas/map/webhook.ts';

const EVENT = {
  name: 'paid',
  on: ['order.paid'],
  'event-id': 'evt_paid',
  'event-key': { kind: 'customer-id', value: '{% customer %}' },
  'event-params': {},
  required: [],
  'on-null': 'omit',
  'on-unconfirmed': 'park',
};

/** Mappings that note each time they are compiled: a compiler has to look at their events. */
function noting(sources: readonly string[]) {
  const compiled: string[] = [];
  const mappings = sources.map((source): Mapping => {
    const events = [{ ...EVENT, 'event-id': `evt_${source}` }];
    const mapping = mappingSchema.parse({ source, let: {}, events });
    return {
      ...mapping,
      get events() {
        compiled.push(source);
        return mapping.events;
      },
    };
  });
  return { compiled, mappings };
}

describe('prepared mappings', () => {
  test('are made ready at once as far as they are to be, and the others when they are asked for', () => {
    const { compiled, mappings } = noting(['a', 'b', 'c', 'd']);
    const prepared = prepareMappings(mappings, 2);
    expect(compiled).toEqual(['a', 'b']);

    prepared.get('d');
    expect(compiled).toEqual(['a', 'b', 'd']);
  });

  test.each(['a', 'b'])('are each made once: %s', (source) => {
    const { compiled, mappings } = noting(['a', 'b']);
    const prepared = prepareMappings(mappings, 1);

    expect(prepared.get(source)).toBe(prepared.get(source));
    expect(compiled.filter((one) => one === source)).toHaveLength(1);
  });

  test.each(['a', 'b'])('are those of their source: %s', (source) => {
    const { mappings } = noting(['a', 'b']);
    const found = prepareMappings(mappings, 1).get(source);

    expect(found?.map(({ mapping }) => mapping['event-id'])).toEqual([`evt_${source}`]);
  });

  test.each(['c', 'constructor', '__proto__', ''])(
    'are none for a source that has no mapping: %j',
    (source) => {
      expect(prepareMappings(noting(['a', 'b']).mappings, 1).get(source)).toBeUndefined();
    },
  );
});
