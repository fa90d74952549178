import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

describe('JSONata', () => {
  const isLoadedAfter = (expression: string) => {
    const script = `
      import { createRequire } from 'node:module';
      import { compileValue } from './lambdas/map/expression.ts';
      const scope = { body: { a: { b: 1 } }, headers: {}, source: 's', receivedAt: '' };
      const found = await compileValue(${JSON.stringify(expression)})(scope);
      const loaded = Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('/jsonata/'));
      console.log(JSON.stringify([found.value, loaded]));`;
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    const args = ['--input-type=module', '--eval', script];
    return JSON.parse(execFileSync(process.execPath, args, { cwd, encoding: 'utf8' }));
  };

  test('is not loaded for paths and literals', () => {
    expect(isLoadedAfter('{% a.b %}')).toEqual([1, false]);
    expect(isLoadedAfter('literal')).toEqual(['literal', false]);
  });

  test('is loaded when an expression needs it', () => {
    expect(isLoadedAfter('{% a.b + 1 %}')).toEqual([2, true]);
  });
});
