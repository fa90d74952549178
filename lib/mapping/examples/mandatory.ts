import { isExpression } from '../../../lambdas/map/expression.ts';
import { parseJson } from '../../../lambdas/result.ts';
import type { Problem } from '../../config/file.ts';
import { definitionOf, mandatoryOf, placeInContract } from '../contract.ts';
import { namesRead, parseExpression } from '../expressions.ts';
import type { MappingFile } from '../file.ts';
import { type ReadPath, readPaths } from './coverage.ts';
import { type Example, type ExampleRun, mappedBy, runExample, setMembers } from './example.ts';

/**
 * Finds events that may be sent without a mandatory parameter: an example shows it, as it is or with a member set to null
 * or left out. What the mapping calls `required` is a dead letter instead, and no call.
 * @param stage the stage that examples run for
 */
export async function checkMandatory(
  mapping: MappingFile,
  runs: readonly ExampleRun[],
  stage: string,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const [index, event] of mapping.events.entries()) {
    for (const { name, text } of uncertainOf(mapping, event)) {
      const when = await findSentWithout({ mapping, event: event.name, parameter: name, text, stage }, runs);
      if (when === undefined) continue;
      const path = Object.hasOwn(event['event-params'], name) ? ['events', index] : ['defaults'];
      const message = explainMissing(mapping, event, { name, when });
      problems.push(mapping.problemAt([...path, 'event-params', name], message));
    }
  }
  return problems;
}

type Event = MappingFile['events'][number];

/** The mandatory parameters of an event that are expressions, and not required. */
function uncertainOf({ contract, defaults }: MappingFile, event: Event) {
  const definition = definitionOf(event, contract);
  const values = { ...defaults['event-params'], ...event['event-params'] };
  return (definition === undefined ? [] : mandatoryOf(definition)).flatMap((name) => {
    const { [name]: text = '' } = values;
    return isExpression(text) && !event.required.includes(name) ? [{ name, text }] : [];
  });
}

function explainMissing(
  { contract }: MappingFile,
  { definition = '' }: Event,
  { name, when }: { readonly name: string; readonly when: string },
): string {
  const place = contract && placeInContract(contract, [definition, 'parameters', name]);
  return (
    `may be missing (${when}), and is mandatory in "${definition}" (${place}): Webex Campaign would refuse the event (1002). ` +
    `Add "${name}" to "required", or write a value for that case: "{% … ?: 'text' %}".`
  );
}

/** A parameter of an event, whose expression may give nothing. */
type Uncertain = {
  readonly mapping: MappingFile;
  readonly event: string;
  readonly parameter: string;
  readonly text: string;
  readonly stage: string;
};

/** In which example an event is sent without a parameter, in words. */
async function findSentWithout(
  uncertain: Uncertain,
  runs: readonly ExampleRun[],
): Promise<string | undefined> {
  const plain = runs.find((run) => isSentWithout(uncertain, run));
  if (plain !== undefined) return `the example ${plain.example.name} is sent without it`;
  const paths = pathsOf(uncertain.text, uncertain.mapping.let);
  for (const { example } of runs.filter((run) => mappedBy(run, uncertain.event).length > 0)) {
    const found = await findMember(uncertain, example, paths);
    if (found !== undefined) return `as in the example ${example.name} ${found}`;
  }
  return undefined;
}

/** Without which member of an example's body, of those that an expression reads, the event is sent without a parameter. */
async function findMember(
  uncertain: Uncertain,
  example: Example,
  paths: readonly ReadPath[],
): Promise<string | undefined> {
  const body = Buffer.from(example.webhook.rawBody).toString('utf8');
  const pointers = pointersIn(parseJson(body)).filter((pointer) => isRead(pointer, paths));
  for (const pointer of pointers) {
    for (const value of [null, undefined]) {
      const rawBody = Buffer.from(setMembers(body, { [pointer]: value }));
      const changed = { ...example, webhook: { ...example.webhook, rawBody } };
      if (isSentWithout(uncertain, await runExample(uncertain.mapping, changed, uncertain.stage)))
        return `if ${pointer} is ${value === null ? 'null' : 'left out'}`;
    }
  }
  return undefined;
}

function isSentWithout({ event, parameter }: Uncertain, run: ExampleRun): boolean {
  return mappedBy(run, event).some(
    (one) => one.kind === 'event' && one.event.params[parameter] === undefined,
  );
}

/** The paths that an expression reads, those of the definitions under `let` that it uses included. */
function pathsOf(text: string, definitions: Readonly<Record<string, string>>): readonly ReadPath[] {
  const parsed = parseExpression(text);
  if ('problem' in parsed) return [];
  const used = namesRead(parsed.ast).flatMap((name) =>
    Object.hasOwn(definitions, name) ? [definitions[name] ?? ''] : [],
  );
  return [...readPaths(parsed.ast), ...used.flatMap((one) => pathsOf(one, definitions))];
}

/** The JSON pointer of every member of a value. */
function pointersIn(value: unknown, at = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const pointer = `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return [...(Array.isArray(value) ? [] : [pointer]), ...pointersIn(member, pointer)];
  });
}

/** Whether a member is one that an expression reads, or is around one; places in lists do not count. */
function isRead(pointer: string, paths: readonly ReadPath[]): boolean {
  const member = `${pointer
    .slice(1)
    .split('/')
    .filter((part) => !/^\d+$/.test(part))
    .join('.')}.`;
  return paths.some(({ from, names }) => {
    const path = `${names.join('.')}.`;
    return path.startsWith(member) || (from === 'item' && member.endsWith(`.${path}`));
  });
}
