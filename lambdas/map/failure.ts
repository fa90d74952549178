/** Where in a mapping something failed: the path of the value, and the value as the mapping has it. */
export type MappingPlace = {
  /** `event-params.amount`, `when`, … */
  readonly path: string;
  /** The expression or literal that stands there. It is the mapping author's text, never the payload's. */
  readonly expression: string;
};

/** What kind of thing a value was; the value itself is never written anywhere. */
export type ValueType =
  | 'object'
  | 'array'
  | 'boolean'
  | 'function'
  /** What no calculation can give: infinity, or a time that is none. */
  | 'not a number'
  | 'text'
  | 'empty text'
  | 'null'
  | 'text "null"'
  | 'missing';

/** What is wrong with a key that is not of its kind. */
const NO_KEY = {
  email: 'not a valid email',
  msisdn: 'not a valid msisdn',
  text: 'has a character that cannot be sent',
  device: 'has a character that cannot be sent',
  'customer-id': 'has a character that cannot be sent',
} as const;

/** What is over a limit of the event API. */
export type ContractBreach =
  | { readonly code: 'too-many-parameters'; readonly count: number; readonly limit: number }
  | { readonly code: 'payload-too-large'; readonly bytes: number; readonly limitBytes: number };

/** Why a mapping could not make an event of a webhook. */
export type MapFailure =
  /** JSONata's own error code (T2001, D3030, …) or that of a function of `functions.ts`, without a message, which may quote the payload. */
  | (MappingPlace & { readonly code: 'expression-failed'; readonly jsonataCode: string })
  | (MappingPlace & { readonly code: 'value-not-text'; readonly type: ValueType })
  | (MappingPlace & { readonly code: 'value-null'; readonly type: ValueType })
  | (MappingPlace & { readonly code: 'parameter-missing'; readonly type: ValueType })
  | (MappingPlace & { readonly code: 'event-key-missing'; readonly type: ValueType })
  | (MappingPlace & { readonly code: 'event-key-invalid'; readonly kind: keyof typeof NO_KEY })
  | (MappingPlace & { readonly code: 'event-time-unreadable'; readonly type: ValueType })
  | (MappingPlace & { readonly code: 'deduplication-id-unusable'; readonly type: ValueType })
  | ContractBreach;

/** One line for notes and people: where it failed, and on what. */
export function formatMapFailure(failure: MapFailure): string {
  switch (failure.code) {
    case 'too-many-parameters':
      return `${failure.count} parameters; the limit is ${failure.limit}`;
    case 'payload-too-large':
      return `${failure.bytes} bytes; the limit is ${failure.limitBytes}`;
    default:
      return `${failure.path}: ${whatOf(failure)}, from ${shorten(failure.expression)}`;
  }
}

function whatOf(failure: Exclude<MapFailure, ContractBreach>): string {
  switch (failure.code) {
    case 'expression-failed':
      // JSONata's own codes are a letter and four digits: T2001. Those of functions.ts are words.
      return failure.jsonataCode.includes('-') ? failure.jsonataCode : `JSONata ${failure.jsonataCode}`;
    case 'event-key-invalid':
      return NO_KEY[failure.kind];
    default:
      return failure.type;
  }
}

/** An expression may be longer than a note can hold. */
function shorten(expression: string): string {
  return expression.length <= 200 ? expression : `${expression.slice(0, 199)}…`;
}
