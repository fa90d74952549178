import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { examine } from '../../cli/doctor.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const VECTORS = `${ROOT}samples/vectors.json`;

const { vectors } = z
  .object({
    vectors: z.array(z.object({ id: z.string(), expected: z.enum(['valid', 'invalid']) })).min(1),
  })
  .parse(JSON.parse(readFileSync(VECTORS, 'utf8')));

/** The doctor judges the file of vectors as it is published; only the expected value is put beside it here. */
const examined = examine(`${ROOT}mappings`, { request: VECTORS, json: true });
const findingSchema = z.object({ id: z.string(), valid: z.boolean(), code: z.string(), message: z.string() });
const findings = new Map(
  examined.text
    .split('\n')
    .map((line) => findingSchema.parse(JSON.parse(line)))
    .map((finding) => [finding.id, finding]),
);

describe('the signature vectors that vendors and libraries publish', () => {
  test('are all examined, and since some are invalid the exit code is 1', () => {
    expect([findings.size, examined.exitCode]).toEqual([vectors.length, 1]);
  });

  test.each(vectors)('$id is $expected', ({ id, expected }) => {
    expect(findings.get(id)).toMatchObject({ valid: expected === 'valid' });
  });
});
