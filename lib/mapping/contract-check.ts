import { type ConfigFile, didYouMean, type Problem } from '../config/file.ts';
import { docsPage, INVOCATION } from '../config/terminal.ts';
import {
  CONTRACT_FILE,
  type Contract,
  dayOf,
  definitionOf,
  definitionsById,
  mandatoryOf,
  placeInContract,
} from './contract.ts';
import { eventIdOf, type WrittenFile, type WrittenMapping } from './schema.ts';

// What can be wrong between mappings and the event definitions of webex-events.yaml.

type Parsed = ConfigFile<Pick<WrittenFile, 'defaults' | 'events'>>;

/** Checks what the events of a mapping file say of their definitions. @param contract missing where there is no file */
export function checkDefinitions(parsed: Parsed, contract: Contract | undefined): readonly Problem[] {
  return parsed.value.events.flatMap((event, index) => {
    const definition = definitionOf(event, contract);
    return [
      ...checkNamed(parsed, index, contract),
      ...(definition === undefined || contract === undefined
        ? []
        : [...checkKey(parsed, index, contract), ...checkParameters(parsed, index, contract)]),
    ];
  });
}

/** An event has a definition, or else an id of its own. */
function checkNamed(
  { value, problemAt }: Parsed,
  index: number,
  contract: Contract | undefined,
): readonly Problem[] {
  const { definition: name, 'event-id': id } = value.events[index] ?? {};
  const at = ['events', index];
  if (name === undefined) {
    return id === undefined
      ? [
          problemAt(
            [...at, 'definition'],
            `is missing. Name a definition of ${CONTRACT_FILE}, or add an event-id.`,
          ),
        ]
      : [];
  }
  const both =
    id === undefined ? [] : [problemAt([...at, 'event-id'], 'is the definition’s. Remove it here.')];
  return [
    ...both,
    ...explainUnknown(name, contract).map((message) => problemAt([...at, 'definition'], message)),
  ];
}

function explainUnknown(name: string, contract: Contract | undefined): readonly string[] {
  if (contract === undefined) {
    return [
      `there is no ${CONTRACT_FILE} that has "${name}". Write one beside stages.yaml (${docsPage('contract.md')}), or say "event-id: evt_…" here.`,
    ];
  }
  if (Object.hasOwn(contract.definitions, name) || contract.isBroken(name)) return [];
  const known = Object.keys(contract.definitions);
  const all = known.length === 0 ? 'It has none.' : `It has: ${known.join(', ')}.`;
  return [`"${name}" is no definition of ${contract.file}. ${didYouMean(name, known, all)}`];
}

function checkKey({ value, problemAt }: Parsed, index: number, contract: Contract): readonly Problem[] {
  const event = value.events[index];
  const definition = event && definitionOf(event, contract);
  if (event === undefined || definition === undefined || event['event-key'].kind === definition.key)
    return [];
  const place = placeInContract(contract, [event.definition ?? '', 'key']);
  const message = `is a key of kind "${event['event-key'].kind}"; "${event.definition}" has the kind "${definition.key}" (${place}). Make them the same.`;
  return [problemAt(['events', index, 'event-key', 'kind'], message)];
}

function checkParameters(
  { value, problemAt }: Parsed,
  index: number,
  contract: Contract,
): readonly Problem[] {
  const event = value.events[index];
  const definition = event && definitionOf(event, contract);
  if (event === undefined || definition === undefined) return [];
  const name = event.definition ?? '';
  const own = event['event-params'];
  const sent = Object.keys({ ...value.defaults['event-params'], ...own });
  const known = Object.keys(definition.parameters);
  const missing = mandatoryOf(definition).filter((parameter) => !sent.includes(parameter));
  const unknown = sent.filter((parameter) => !known.includes(parameter));
  return [
    ...missing.map((parameter) => {
      const place = placeInContract(contract, [name, 'parameters', parameter]);
      const message = `does not have "${parameter}", a mandatory parameter of "${name}" (${place}): Webex Campaign would refuse the event (1002). Add it here, or make it optional there.`;
      return problemAt(['events', index, 'event-params'], message);
    }),
    ...unknown.map((parameter) => {
      const place = placeInContract(contract, [name, 'parameters']);
      const advice = didYouMean(parameter, known, 'Add it there, or remove it here.');
      const path = Object.hasOwn(own, parameter) ? ['events', index] : ['defaults'];
      return problemAt(
        [...path, 'event-params', parameter],
        `is no parameter of "${name}" (${place}). ${advice}`,
      );
    }),
  ];
}

/** A mapping file, as far as it sends what the contract has. */
type Sender = Pick<WrittenMapping, 'events'> & {
  readonly contract?: Contract | undefined;
  readonly problemAt: ConfigFile<unknown>['problemAt'];
};

/** What a stage has to do with the contract. */
export type StageTerms = {
  readonly stage: string;
  /** The day on which its definitions have to be valid; not checked without. */
  readonly today?: Date;
  /** Whether ids may be placeholders: the stage calls no tenant. */
  readonly placeholders: boolean;
};

/** Checks the ids and days of all that a stage's mappings send. */
export function checkStage(mappings: readonly Sender[], terms: StageTerms): readonly Problem[] {
  const bare = mappings.flatMap((mapping) => checkBareIds(mapping, terms));
  const named = mappings.flatMap(({ contract, events }) => {
    const names = new Set(
      events.flatMap((event) => (definitionOf(event, contract) ? [event.definition ?? ''] : [])),
    );
    return contract === undefined ? [] : [...names].flatMap((name) => checkDefinition(name, contract, terms));
  });
  return [...bare, ...uniqueOf(named)];
}

/** Several mappings may name one definition. */
export function uniqueOf(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/**
 * Why mappings do not fit an adapter, in sentences: they were checked when they were read, and which stage they are for is
 * known only there. A signing secret must not have the name of the secret that the adapter itself keeps.
 */
export function findUnfitMappings(
  mappings: readonly (Pick<WrittenMapping, 'events'> & {
    readonly source: string;
    readonly secret: string;
  })[],
  { stage, keysSecretName }: { readonly stage: string; readonly keysSecretName: string },
): readonly string[] {
  return mappings.flatMap(({ source, secret, events }) => [
    ...events
      .filter((event) => !eventIdOf(event, stage))
      .map(({ name }) => `${source}: ${name} has no event-id for stage "${stage}"`),
    ...(secret === keysSecretName
      ? [`${source}: the secret "${secret}" is the adapter's own. Name it webhooks/${source}.`]
      : []),
  ]);
}

function checkBareIds(
  { events, problemAt }: Sender,
  { stage, placeholders }: StageTerms,
): readonly Problem[] {
  return events.flatMap((event, index) => {
    const id = event.definition === undefined ? eventIdOf(event, stage) : undefined;
    if (id === undefined || placeholders || !isPlaceholder(id)) return [];
    const path = ['events', index, 'event-id', ...(typeof event['event-id'] === 'string' ? [] : [stage])];
    return [problemAt(path, explainPlaceholder(id, stage))];
  });
}

function checkDefinition(name: string, contract: Contract, terms: StageTerms): readonly Problem[] {
  const { stage, today, placeholders } = terms;
  const definition = contract.definitions[name];
  if (definition === undefined) return [];
  const id = eventIdOf(definition, stage);
  const at = [name, 'event-id'];
  if (id === undefined) {
    const message = `has no id for the stage "${stage}", which sends this message. Add it: ${stage}: evt_…`;
    return [contract.problemAt(at, message)];
  }
  const path = typeof definition['event-id'] === 'string' ? at : [...at, stage];
  return [
    ...(placeholders || !isPlaceholder(id) ? [] : [contract.problemAt(path, explainPlaceholder(id, stage))]),
    ...(today === undefined ? [] : checkDays(name, contract, { stage, today })),
  ];
}

/** Ten zeros in a row are in no id that Webex Campaign makes of a time, as in evt_14296935520105. */
function isPlaceholder(id: string): boolean {
  return /0{10}|…|\.\.\.|[<>{}]|placeholder/i.test(id);
}

function explainPlaceholder(id: string, stage: string): string {
  const ofStage = stage === '' ? 'evt_…' : `{ ${stage}: evt_… }`;
  const where = stage === '' ? '' : `, which the stage "${stage}" would send`;
  return `"${id}" is a placeholder${where}. Create the event definition in Webex Campaign (Campaign management > Target Data > Events), and put its id here: event-id: ${ofStage}. A stage that messages nobody may say "placeholders: allowed" in stages.yaml.`;
}

const DAY_MILLISECONDS = 86_400_000;

/** Before a definition ends, its owner needs time to make it valid for longer. */
const WARN_DAYS = 30;

function checkDays(
  name: string,
  contract: Contract,
  { stage, today }: { readonly stage: string; readonly today: Date },
): readonly Problem[] {
  const definition = contract.definitions[name];
  const ofStage = stage === '' ? '' : ` for the stage "${stage}"`;
  const owner = definition?.owner === undefined ? '' : ` Its owner is ${definition.owner}.`;
  const until = dayOf(definition?.['valid-until'], stage);
  const from = dayOf(definition?.['valid-from'], stage);
  const place = (key: string) => [
    name,
    key,
    ...(typeof definition?.[key as 'valid-until'] === 'object' ? [stage] : []),
  ];
  const early =
    from !== undefined && daysUntil(from, today) > 0
      ? [
          warning(
            contract,
            place('valid-from'),
            `begins on ${from}${ofStage}: no message goes out before.${owner}`,
          ),
        ]
      : [];
  if (until === undefined) return early;
  const left = daysUntil(until, today);
  const what = 'Make it valid for longer in Webex Campaign and here, or remove what sends it.';
  if (left < 0) {
    const message = `ended on ${until}${ofStage}: Webex Campaign would send nothing, and say nothing. ${what}${owner}`;
    return [...early, contract.problemAt(place('valid-until'), message)];
  }
  if (left > WARN_DAYS) return early;
  const days = left === 0 ? 'today' : `in ${left} day${left === 1 ? '' : 's'}`;
  return [
    ...early,
    warning(contract, place('valid-until'), `ends ${days}, on ${until}${ofStage}. ${what}${owner}`),
  ];
}

function warning({ problemAt }: Contract, path: readonly PropertyKey[], message: string): Problem {
  return { ...problemAt(path, message), severity: 'warning' };
}

/** Whole days from a day to another, negative where it is past; days are those of UTC. */
function daysUntil(day: string, today: Date): number {
  const date = today.toISOString().slice(0, 10);
  return Math.round((Date.parse(day) - Date.parse(date)) / DAY_MILLISECONDS);
}

/**
 * Hints at bare ids, which nothing checks; a hint is no warning.
 * @param contractFile where the contract file is, or would be
 */
export function hintAtBareIds(
  mappings: readonly Sender[],
  stage: string,
  contractFile: string,
): readonly Problem[] {
  const all = mappings.flatMap((mapping) => hintsOf(mapping, stage));
  if (mappings.some(({ contract }) => contract !== undefined) || all.length === 0) return all;
  const message = `is not there, so that nothing checks event ids, keys and parameters: "${INVOCATION} events init" writes it.`;
  return [{ file: contractFile, path: '', message, severity: 'hint' }];
}

function hintsOf({ contract, events, problemAt }: Sender, stage: string): readonly Problem[] {
  const byId = contract && definitionsById(contract, stage);
  return events.flatMap((event, index) => {
    const id = event.definition === undefined ? eventIdOf(event, stage) : undefined;
    if (id === undefined) return [];
    const known = byId?.get(id);
    const message =
      known === undefined
        ? `"${id}" is in no definition of ${contract?.file}, so that nothing checks it. Add one there, and name it here: definition: ${event.name}`
        : `is the id of "${known.name}" in ${contract?.file}. Say "definition: ${known.name}" in its place, and the event is checked against it.`;
    return [{ ...problemAt(['events', index, 'event-id'], message), severity: 'hint' as const }];
  });
}
