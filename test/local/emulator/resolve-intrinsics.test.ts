import { describe, expect, test } from '@jest/globals';
import { resolveIntrinsics } from '../../../local/emulator/template.ts';

const KNOWN = {
  refs: new Map([
    ['Queue', 'http://queue'],
    ['AWS::Region', 'us-east-1'],
  ]),
  attributes: new Map([['Queue.Arn', 'arn:queue']]),
};

function resolve(value: unknown): { value: unknown; problems: string[] } {
  const problems: string[] = [];
  return { value: resolveIntrinsics(value, KNOWN, 'Function', problems), problems };
}

describe('an intrinsic function', () => {
  test.each([
    [{ Ref: 'Queue' }, 'http://queue'],
    [{ 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:queue'],
    [{ 'Fn::GetAtt': 'Queue.Arn' }, 'arn:queue'],
    [{ 'Fn::Join': ['/', ['a', { Ref: 'Queue' }, 'b']] }, 'a/http://queue/b'],
    [{ 'Fn::Sub': `in $${'{AWS::Region}'} at $${'{Queue.Arn}'}` }, 'in us-east-1 at arn:queue'],
    [
      { a: [{ Ref: 'Queue' }], b: 5, c: null },
      { a: ['http://queue'], b: 5, c: null },
    ],
    [
      { Ref: 'not alone', Other: 1 },
      { Ref: 'not alone', Other: 1 },
    ],
  ])('%j stands for %j', (value, expected) => {
    expect(resolve(value)).toEqual({ value: expected, problems: [] });
  });

  test.each([
    { Ref: 'Nobody' },
    { 'Fn::GetAtt': ['Queue', 'Color'] },
    { 'Fn::Sub': `$${'{Nobody}'}` },
    { 'Fn::Join': 'x' },
    { 'Fn::ImportValue': 'x' },
  ])('%j is a problem', (value) => {
    expect(resolve(value).problems).toEqual([expect.stringContaining('Function: cannot resolve {')]);
  });
});
