import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SECRETS } from '../../bench/events.ts';
import { type Figure, findGrown, QUICK, readResults } from '../../bench/figures.ts';
import { measureCalls, measureSizes } from '../../bench/sections/price.ts';
import {
  type Endpoints,
  prepareSubjects,
  type Subject,
  type Subjects,
  startEndpoints,
} from '../../bench/subjects.ts';

const COMMITTED = readResults().figures;

let endpoints: Endpoints;
let subjects: Subjects;
const copies: string[] = [];

beforeAll(async () => {
  endpoints = await startEndpoints(SECRETS);
  subjects = await prepareSubjects(endpoints);
});
afterAll(async () => {
  for (const copy of copies) rmSync(copy, { recursive: true });
  await subjects.remove();
  await endpoints.stop();
});

/** A function with something put at the end of its bundle. */
function withCode(subject: Subject, code: string): Subject {
  const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-bench-'));
  copies.push(directory);
  cpSync(subject.directory, directory, { recursive: true });
  const bundle = join(directory, 'bundle.cjs');
  writeFileSync(bundle, `${readFileSync(bundle, 'utf8')}\n${code}`);
  return { ...subject, directory };
}

const callsOf = (changed: Partial<Subjects>) =>
  measureCalls({ subjects: { ...subjects, ...changed }, endpoints, effort: QUICK });

describe('what CI compares with the committed results', () => {
  test('is within its margins as the code is', async () => {
    expect(findGrown([...measureSizes({ subjects }), ...(await callsOf({}))], COMMITTED)).toEqual([]);
  });

  test('is within the goals of its bundles', () => {
    const missed = measureSizes({ subjects }).filter(({ goal, value }) => goal !== undefined && value > goal);

    expect(missed).toEqual([]);
  });

  test('fails when a bundle grows by a tenth', () => {
    const [ingest] = measureSizes({ subjects });
    // Random, so that it does not compress to nothing.
    const filling = Array.from(
      { length: ((ingest?.value ?? 0) * 1000) / 8 },
      () => Math.random().toString(36)[2],
    );
    const more = `"${filling.join('')}"`;
    const grown = { ...subjects, ingest: withCode(subjects.ingest, more) };

    expect(findGrown(measureSizes({ subjects: grown }), COMMITTED)).toEqual([
      expect.stringMatching(/^P8 ingest, gzipped code that a cold start loads: /),
    ]);
  });

  test.each([
    ['ingest', 'GetQueueAttributes'],
    ['deliver', 'GetItem'],
  ] as const)('fails when %s makes one more call for each event', async (stage, operation) => {
    const service = stage === 'ingest' ? 'SQS' : 'DYNAMODB';
    const target = stage === 'ingest' ? `AmazonSQS.${operation}` : `DynamoDB_20120810.${operation}`;
    const code = `
      const inner = module.exports.handler;
      const call = () => new Promise((resolve) => require('node:https')
        .request(process.env.AWS_ENDPOINT_URL_${service}, { method: 'POST', headers: { 'x-amz-target': '${target}' } })
        .on('response', (response) => response.resume().on('end', resolve)).end('{}'));
      module.exports = { ...module.exports, handler: async (...args) => { await call(); return inner(...args); } };`;

    expect(findGrown(await callsOf({ [stage]: withCode(subjects[stage], code) }), COMMITTED)).toContainEqual(
      expect.stringContaining(`${operation}: 1 calls; committed is 0`),
    );
  });
});

describe('a figure of ours', () => {
  const ratio: Figure = { id: 'P1', what: 'ratio', unit: 'x', value: 2, isHeld: true };

  test('may be as noisy as its margin', () => {
    expect(findGrown([{ ...ratio, value: 3.1 }], [ratio])).toEqual([]);
    expect(findGrown([{ ...ratio, value: 3.3 }], [ratio])).toHaveLength(1);
  });

  test('may not appear without having been committed', () => {
    expect(findGrown([ratio], [])).toHaveLength(1);
  });

  test('is compared, and the usual stack’s is not', () => {
    const { isHeld: _, ...theirs } = ratio;

    expect(findGrown([{ ...theirs, value: 9 }], [theirs])).toEqual([]);
  });
});
