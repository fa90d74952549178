import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { invoiceBody, invoiceOfBytes, withSources, writeSources } from '../../bench/events.ts';
import { CATALOGUE_FILE } from '../../lambdas/adapters/lambda.ts';

const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-bench-'));
const entriesIn = (at: string) => JSON.parse(readFileSync(join(at, CATALOGUE_FILE), 'utf8'));
const MEASURED = { source: 'measured', secret: 'stack/webhooks/measured', eventTypes: ['a'] };

afterAll(() => rmSync(directory, { recursive: true }));

describe('what growth is measured with', () => {
  test.each([2_000, 20_000, 200_000, 900_000])('is an invoice of %d bytes', (bytes) => {
    const body = invoiceOfBytes(bytes);
    const { id, type, data, filling } = JSON.parse(body);
    const small = JSON.parse(invoiceBody());

    expect(Buffer.byteLength(body)).toBe(bytes);
    expect({ id, type, number: data.object.number }).toEqual({
      id: small.id,
      type: small.type,
      number: small.data.object.number,
    });
    // A text fills what is less than a line.
    expect(filling.length).toBeLessThan(1 + JSON.stringify(small.data.object.lines.data[0]).length);
  });

  test('is a function with so many sources, each with a secret of its own, the measured one last', async () => {
    writeFileSync(join(directory, CATALOGUE_FILE), JSON.stringify([MEASURED]));
    const entries = await withSources({ directory, environment: {} }, [1, 3], async (subjects) =>
      [...subjects].map(([sources, subject]) => [sources, entriesIn(subject.directory)]),
    );

    expect(entries).toEqual([
      [1, [MEASURED]],
      [
        3,
        [
          { ...MEASURED, source: 'other-0', secret: 'stack/webhooks/other-0' },
          { ...MEASURED, source: 'other-1', secret: 'stack/webhooks/other-1' },
          MEASURED,
        ],
      ],
    ]);
  });

  test('can have fewer sources again', () => {
    writeFileSync(join(directory, CATALOGUE_FILE), JSON.stringify([{ source: 'measured' }]));
    const sizes = [5, 2].map((sources) => {
      writeSources(directory, sources, (_, measured) => measured);
      return entriesIn(directory).map(({ source }: { source: string }) => source);
    });

    expect(sizes).toEqual([
      ['other-0', 'other-1', 'other-2', 'other-3', 'measured'],
      ['other-0', 'measured'],
    ]);
  });
});
