/** A row of fields, as a query has it at one of its steps. */
type Row = Readonly<Record<string, unknown>>;

/**
 * Runs a query over log lines as CloudWatch Logs Insights documents it, as far as this project's queries go: `filter`,
 * `fields` and `stats`, one after the other; other text throws. A field that is missing stays so, and a row that lacks a
 * field it is grouped by is left out, which is the strictest reading.
 */
export function runInsights(
  query: string,
  lines: readonly string[],
): readonly Readonly<Record<string, string>>[] {
  const rows = lines.map((line): Row => flatten(JSON.parse(line)));
  const result = splitAtTop(query, '|').reduce<readonly Row[]>(
    (before, command) => runCommand(command, before),
    rows,
  );
  return result.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value)])),
  );
}

/** Fields by their dotted path, and the time of the line. */
function flatten(value: object, prefix = ''): Record<string, unknown> {
  const fields = Object.entries(value).flatMap(([name, one]) =>
    typeof one === 'object' && one !== null
      ? Object.entries(flatten(one, `${prefix}${name}.`))
      : [[`${prefix}${name}`, one] as const],
  );
  const flat = Object.fromEntries(fields);
  return prefix === '' ? { ...flat, '@timestamp': flat['_aws.Timestamp'] } : flat;
}

function runCommand(command: string, rows: readonly Row[]): readonly Row[] {
  const [, name = '', rest = ''] = /^(\w+) (.*)$/s.exec(command) ?? [];
  switch (name) {
    case 'filter':
      return rows.filter((row) => rest.split(' and ').every((condition) => holds(condition, row)));
    case 'fields': {
      const named = splitAtTop(rest, ',').map(readAlias);
      return rows.map((row) => ({
        ...row,
        ...Object.fromEntries(named.map(({ expression, alias }) => [alias, evaluate(expression, row)])),
      }));
    }
    case 'stats':
      return aggregate(rest, rows);
    default:
      throw new Error(`This is no command: ${command}`);
  }
}

function holds(condition: string, row: Row): boolean {
  const [, field = '', list = ''] = /^(\w+) in \[(.*)\]$/.exec(condition) ?? [];
  if (list !== '') return list.split(', ').some((one) => one === JSON.stringify(row[field]));
  const [, name = '', value] = /^(\w+) = (".*")$/.exec(condition) ?? [];
  if (value !== undefined) return JSON.stringify(row[name]) === value;
  throw new Error(`This is no condition: ${condition}`);
}

function aggregate(text: string, rows: readonly Row[]): readonly Row[] {
  const [measures = '', by = ''] = text.split(' by ');
  const names = by.split(', ');
  const whole = rows.filter((row) => names.every((name) => row[name] !== undefined && row[name] !== ''));
  return [...Map.groupBy(whole, (row) => JSON.stringify(names.map((name) => row[name]))).values()].map(
    (group) => ({
      ...Object.fromEntries(names.map((name) => [name, group[0]?.[name]])),
      ...Object.fromEntries(
        splitAtTop(measures, ',')
          .map(readAlias)
          .map(({ expression, alias }) => [alias, measure(expression, group)]),
      ),
    }),
  );
}

function measure(expression: string, group: readonly Row[]): unknown {
  const [, name, field = ''] = /^(\w+)\(([^()]*)\)$/.exec(expression) ?? [];
  switch (name) {
    case 'count':
      return group.length;
    case 'min':
      return Math.min(...group.map((row) => Number(row[field])));
    case 'latest': {
      const ordered = group.toSorted((one, other) => Number(one['@timestamp']) - Number(other['@timestamp']));
      return ordered.at(-1)?.[field];
    }
    default:
      throw new Error(`This is no aggregation: ${expression}`);
  }
}

function evaluate(expression: string, row: Row): unknown {
  if (/^".*"$/.test(expression)) return JSON.parse(expression);
  if (/^-?[\d.]+$/.test(expression)) return Number(expression);
  const division = /^\((.+)\) \/ ([\d.]+)$/.exec(expression);
  if (division) return Number(evaluate(division[1] ?? '', row)) / Number(division[2]);
  const difference = /^(.+) - (\d+)$/.exec(expression);
  if (difference) return Number(evaluate(difference[1] ?? '', row)) - Number(difference[2]);
  const [, name, inner = ''] = /^(\w+)\((.*)\)$/.exec(expression) ?? [];
  if (name === undefined) return row[expression];
  return call(
    name,
    splitAtTop(inner, ',').map((one) => evaluate(one, row)),
  );
}

function call(name: string, values: readonly unknown[]): unknown {
  switch (name) {
    case 'coalesce':
      return values.find((value) => value !== undefined && value !== null);
    case 'floor':
      return Math.floor(Number(values[0]));
    case 'toMillis':
      return values[0];
    case 'least':
      return Math.min(...values.map(Number));
    default:
      throw new Error(`This is no function: ${name}`);
  }
}

function readAlias(text: string): { readonly expression: string; readonly alias: string } {
  const [, expression = text, alias = text] = /^(.*) as (\w+)$/.exec(text) ?? [];
  return { expression, alias };
}

const DEPTH_OF: Readonly<Record<string, number>> = { '(': 1, '[': 1, ')': -1, ']': -1 };

/** The parts of a text between separators that are in no brackets and no quotes. */
function splitAtTop(text: string, separator: string): readonly string[] {
  const parts = [''];
  let depth = 0;
  for (const token of text.match(/"[^"]*"|./gs) ?? []) {
    depth += DEPTH_OF[token] ?? 0;
    if (token === separator && depth === 0) parts.push('');
    else parts[parts.length - 1] += token;
  }
  return parts.map((part) => part.trim());
}
