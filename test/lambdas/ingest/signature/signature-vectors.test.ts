import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { examine } from '../../../../cli/webhooks/doctor.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const VECTORS = `${ROOT}samples/vectors.json`;

const { vectors } = z
  .object({
    vectors: z.array(z.object({ id: z.string(), expected: z.enum(['valid', 'invalid']) })).min(1),
  })
  .parse(JSON.parse(readFileSync(VECTORS, 'utf8')));

const findingSchema = z.object({ id: z.string(), valid: z.boolean(), code: z.string(), message: z.string() });

describe('the signature vectors that vendors and libraries publish', () => {
  test('are judged by the doctor as they should be, the file as it is published', () => {
    const { text, exitCode } = examine(`${ROOT}mappings`, { request: VECTORS, json: true });

    // Only the expected value is put beside what was found; some are invalid, so that the exit code is 1.
    const findings = text.split('\n').map((line) => findingSchema.parse(JSON.parse(line)));
    const judged = findings.map(({ id, valid }) => ({ id, expected: valid ? 'valid' : 'invalid' }));
    expect([judged, exitCode]).toEqual([vectors, 1]);
  });
});
