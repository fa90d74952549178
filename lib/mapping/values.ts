import { expressionSource } from '../../lambdas/map/expression.ts';
import { isOffset } from '../../lambdas/map/functions.ts';
import { offsetOf } from '../../lambdas/map/time.ts';
import { didYouMean } from '../config/file.ts';
import { type Ast, callsIn, isNode, nodesOf, parseExpression } from './syntax-tree.ts';

/** Finds numbers that JSONata would round: compared with an id of the webhook, which is text, they are never equal. */
export function checkNumbers(text: string, ast: Ast): readonly string[] {
  const source = expressionSource(text);
  return nodesOf(ast).flatMap(({ type, value, position }) => {
    if (type !== 'number' || Math.abs(Number(value)) <= Number.MAX_SAFE_INTEGER) return [];
    const [written = String(value)] = /[\d.eE+-]+$/.exec(source.slice(0, Number(position))) ?? [];
    return [
      `${written} is beyond 2^53, where numbers are rounded. Write it as text: "${written.replace(/^-/, '')}".`,
    ];
  });
}

/** What is wrong with the literals that a function of time is given. */
type Check = (picture: string | undefined, place: string | undefined) => readonly string[];

const CHECKS: Readonly<Record<string, Check>> = {
  fromMillis: (picture, offset) => [...checkPicture(picture), ...checkOffset(offset)],
  localTime: (picture, zone) => [...checkPicture(picture), ...checkZone(zone)],
  toMillis: (picture) => [...checkYear(picture), ...checkPicture(picture)],
};

/** Checks what functions of time are given, as far as it stands in the mapping. */
export function checkTimes(ast: Ast, definitions: Readonly<Record<string, string>>): readonly string[] {
  return callsIn(ast).flatMap(({ name, given }) => {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
    const [picture, place] = timeArguments(name, given).map((value) => literalOf(value, definitions));
    return check?.(picture, place) ?? [];
  });
}

/** What stands behind the time, which may be the context: `created.$localTime(picture, zone)`. */
function timeArguments(name: string, given: readonly unknown[]): readonly unknown[] {
  const [first] = given;
  const isText = isNode(first) && first.type === 'string';
  const isContext = name === 'localTime' ? given.length === 2 : name === 'fromMillis' && isText;
  return isContext ? given : given.slice(1);
}

/** The text of a literal, or of a definition that is one. */
function literalOf(value: unknown, definitions: Readonly<Record<string, string>>): string | undefined {
  if (!isNode(value)) return undefined;
  if (value.type === 'string') return String(value.value);
  const name = String(value.value);
  const definition = value.type === 'variable' && Object.hasOwn(definitions, name) ? definitions[name] : '';
  const parsed = parseExpression(definition ?? '');
  const { type, value: text } =
    'ast' in parsed ? (parsed.ast as { type: string; value?: unknown }) : { type: '' };
  return type === 'string' ? String(text) : undefined;
}

/** The letters that JSONata's pictures of dates know (docs.jsonata.org/date-time). */
const COMPONENT = /^[YMDdFWwXxHhPmsfZzCE]/;

function checkPicture(picture: string | undefined): readonly string[] {
  if (picture === undefined) return [];
  const markers = [...picture.replaceAll('[[', '').matchAll(/\[([^\]]*)(\]?)/g)];
  return markers.flatMap(([marker, component = '', end]) => {
    if (end === '')
      return [`the picture "${picture}" has a [ without its ]. Add it, or write [[ for a bracket.`];
    if (COMPONENT.test(component.trim())) return [];
    return [
      `${marker} is no part of a date. Write one of docs.jsonata.org/date-time: [Y], [M01], [D1], [H01].`,
    ];
  });
}

/** What a picture leaves out in front, JSONata takes from the clock. */
function checkYear(picture: string | undefined): readonly string[] {
  if (picture === undefined || /\[\s*[YX]/.test(picture)) return [];
  return [
    `the picture "${picture}" has no year: today's would be taken, which differs at every attempt. Add [Y].`,
  ];
}

function checkOffset(offset: string | undefined): readonly string[] {
  if (offset === undefined || isOffset(offset)) return [];
  return [
    `$fromMillis would misread "${offset}". Write +HHMM, as in "+0530", or better: ` +
      '$localTime(time, picture, "Europe/Berlin").',
  ];
}

function checkZone(zone: string | undefined): readonly string[] {
  if (zone === undefined || offsetOf(new Date(0), zone) !== undefined) return [];
  const advice = didYouMean(zone, Intl.supportedValuesOf('timeZone'), 'Write one such as "Europe/Berlin".');
  return [`"${zone}" is not a time zone. ${advice}`];
}
