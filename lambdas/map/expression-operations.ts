import { ASK_JSONATA, finite, isList, textOf } from './expression-value.ts';

type Operation = (left: unknown, right: unknown) => unknown;

function arithmetic(apply: (left: number, right: number) => number): Operation {
  return (left, right) => {
    if (typeof left === 'number' && typeof right === 'number') return finite(apply(left, right));
    return areMissingOr('number', left, right) ? undefined : ASK_JSONATA;
  };
}

function comparison(apply: (left: string | number, right: string | number) => boolean): Operation {
  return (left, right) => {
    if (typeof left === 'string' && typeof right === 'string') return apply(left, right);
    if (typeof left === 'number' && typeof right === 'number') return apply(left, right);
    const isOneMissing = areMissingOr('string', left, right) || areMissingOr('number', left, right);
    return isOneMissing ? undefined : ASK_JSONATA;
  };
}

/** Whether each of them is missing or of this type. */
function areMissingOr(type: 'string' | 'number', left: unknown, right: unknown): boolean {
  return [left, right].every((value) => value === undefined || typeof value === type);
}

/** What is missing is equal to nothing, and not unequal either. Objects and lists are compared by JSONata. */
function equality(apply: (left: unknown, right: unknown) => boolean): Operation {
  return (left, right) => {
    if (left === undefined || right === undefined) return false;
    return isNested(left) && isNested(right) ? ASK_JSONATA : apply(left, right);
  };
}

function isNested(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function join(left: unknown, right: unknown): unknown {
  const [before, after] = [left, right].map((value) => (value === undefined ? '' : textOf(value)));
  return typeof before === 'string' && typeof after === 'string' ? before + after : ASK_JSONATA;
}

function isIn(left: unknown, right: unknown): boolean {
  if (left === undefined) return false;
  return isList(right) ? right.some((each) => each === left) : left === right;
}

/** What JSONata's operators make of two values; for types that they are not made for, JSONata is asked. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  '+': arithmetic((left, right) => left + right),
  '-': arithmetic((left, right) => left - right),
  '*': arithmetic((left, right) => left * right),
  '/': arithmetic((left, right) => left / right),
  '%': arithmetic((left, right) => left % right),
  '<': comparison((left, right) => left < right),
  '<=': comparison((left, right) => left <= right),
  '>': comparison((left, right) => left > right),
  '>=': comparison((left, right) => left >= right),
  '=': equality((left, right) => left === right),
  '!=': equality((left, right) => left !== right),
  '&': join,
  in: isIn,
};
