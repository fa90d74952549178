import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

describe('JSONata', () => {
  const isLoadedAfter = (expression: string) => {
    const script = `
      import { createRequire } from 'node:module';
      import { compileValue } from './lambdas/map/expression.ts';
      const scope = { body: { a: { b: 1 }, list: [{ b: 1 }, { b: 2 }] }, headers: {}, source: 's', receivedAt: '' };
      const found = await compileValue(${JSON.stringify(expression)})(scope);
      const loaded = Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('/jsonata/'));
      console.log(JSON.stringify([found.value, loaded]));`;
    const cwd = fileURLToPath(new URL('../../..', import.meta.url));
    const args = ['--input-type=module', '--eval', script];
    return JSON.parse(execFileSync(process.execPath, args, { cwd, encoding: 'utf8' }));
  };

  test.each([
    ['literal', 'literal'],
    ['{% a.b %}', 1],
    ['{% `a`.b.c %}', undefined],
    ['{% $source %}', 's'],
  ])('is not loaded for %s', (expression, value) => {
    expect(isLoadedAfter(expression)).toEqual([value ?? null, false]);
  });

  test.each([
    ["{% $uppercase('x' & a.b) %}", 'X1'],
    ['{% list.b %}', [1, 2]],
  ])('is loaded for %s', (expression, value) => {
    expect(isLoadedAfter(expression)).toEqual([value, true]);
  });
});
