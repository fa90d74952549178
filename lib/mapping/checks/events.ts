import { isExpression } from '../../../lambdas/map/expression.ts';
import { MAX_PARAMETERS } from '../../../lambdas/map/event.ts';
import { isNullVariant } from '../../../lambdas/map/event.ts';
import { matchesEventType } from '../../../lambdas/webhook-body.ts';
import type { ConfigFile, Problem } from '../../config/file.ts';
import { didYouMean } from '../../config/file.ts';
import { valuesOf } from '../expressions.ts';
import type { WrittenEvent, WrittenFile } from '../schema.ts';
import { eventIdOf } from '../schema.ts';

type Parsed = ConfigFile<WrittenFile>;

/** Everything about the events of a file that can be told without a webhook, expressions aside. */
export function checkEvents(parsed: Parsed, stages: readonly string[] | undefined): readonly Problem[] {
  return [
    ...checkNames(parsed),
    ...checkEventTypes(parsed),
    ...(stages === undefined ? [] : checkEventIds(parsed, stages)),
    ...checkParameters(parsed),
    ...checkLiterals(parsed),
  ];
}

function checkNames({ value, problemAt }: Parsed): readonly Problem[] {
  const names = value.events.map(({ name }) => name);
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [problemAt(['events', index, 'name'], `"${name}" names an event above. Give each its own name.`)],
  );
}

/** A type that nothing can have, or that another entry has already, is a slip. */
function checkEventTypes({ value, problemAt }: Parsed): readonly Problem[] {
  return value.events.flatMap(({ on }, index) =>
    on.flatMap((pattern, place) => {
      const path = on.length === 1 ? ['events', index, 'on'] : ['events', index, 'on', place];
      if (!/^[\u0020-\u007e\u00a0-\uffff]{1,256}$/.test(pattern) || pattern.trim() !== pattern) {
        return [
          problemAt(path, 'no event type looks like this, so that it cannot be reached. Check its spelling.'),
        ];
      }
      const earlier = on.slice(0, place).find((other) => matchesEventType(other, pattern));
      return earlier === undefined
        ? []
        : [
            problemAt(
              path,
              `is within "${earlier}" already, so that it cannot be reached. Remove one of the two.`,
            ),
          ];
    }),
  );
}

function checkEventIds({ value, problemAt }: Parsed, stages: readonly string[]): readonly Problem[] {
  return value.events.flatMap((event, index) => {
    const id = event['event-id'];
    const path = ['events', index, 'event-id'];
    if (typeof id === 'string') return [];
    const missing = stages.filter((stage) => !eventIdOf(event, stage));
    const unknown = Object.keys(id).filter((stage) => !stages.includes(stage));
    return [
      ...missing.map((stage) =>
        problemAt(path, `has no id for the stage "${stage}". Add it: ${stage}: evt_…`),
      ),
      ...unknown.map((stage) =>
        problemAt(
          [...path, stage],
          `is not a stage. ${didYouMean(stage, stages, `The stages are: ${stages.join(', ')}.`)}`,
        ),
      ),
    ];
  });
}

function checkParameters({ value, problemAt }: Parsed): readonly Problem[] {
  return value.events.flatMap((event, index) => {
    const names = parameterNames(event, value);
    const at = ['events', index];
    const unknown = event.required.flatMap((name, place) => {
      if (names.includes(name)) return [];
      const advice = didYouMean(name, names, 'Add it there, or remove it here.');
      return [problemAt([...at, 'required', place], `"${name}" is not among event-params. ${advice}`)];
    });
    if (names.length <= MAX_PARAMETERS) return unknown;
    const message = `has ${names.length} parameters; Webex Campaign takes ${MAX_PARAMETERS}. Remove some.`;
    return [...unknown, problemAt([...at, 'event-params'], message)];
  });
}

function parameterNames(event: WrittenEvent, { defaults }: WrittenFile): readonly string[] {
  return Object.keys({ ...defaults['event-params'], ...event['event-params'] });
}

/** The event API refuses these as values, whatever the parameter. */
function checkLiterals({ value, problemAt }: Parsed): readonly Problem[] {
  const ids = value.events.flatMap((event, index) => {
    const id = event['event-id'];
    const path = ['events', index, 'event-id'];
    return typeof id === 'string'
      ? [{ path, text: id }]
      : Object.entries(id).map(([stage, text]) => ({ path: [...path, stage], text }));
  });
  return [...valuesOf(value).filter(({ text }) => !isExpression(text)), ...ids].flatMap(({ path, text }) =>
    isNullVariant(text)
      ? [problemAt(path, `reads "${text}", which Webex Campaign refuses as a value. Write what is meant.`)]
      : [],
  );
}
