/** A token of a handshake's answer, and what is wrong with it, if anything. */
export type AnswerToken = {
  readonly text: string;
  readonly problem?: string;
} & Value;

type Value = {
  /** Where the value stands, and by which name there: a parameter, a header, a JSON pointer. */
  readonly from: 'query' | 'header' | 'body';
  readonly name: string;
  /** How it is written: as it is, or as its HMAC with SHA-256 by the signing secret. */
  readonly as: 'text' | 'hmacHex' | 'hmacBase64';
};

/** What looks like a token: a word in braces. JSON has a quote or a blank after a brace. */
const TOKEN = /\{([A-Za-z][\w-]*)(?::([^{}"]*))?\}/g;

const FORMS = '{query:NAME}, {header:NAME}, {body:/pointer}, and {hmacHex:…} or {hmacBase64:…} of each';

/** The tokens of an answer, in their order. */
export function answerTokensOf(template: string): readonly AnswerToken[] {
  return [...template.matchAll(TOKEN)].map(([text, kind = '', argument]) => readToken(text, kind, argument));
}

/** Whether an answer is made with the signing secret. */
export function hasHmac(template: string): boolean {
  return answerTokensOf(template).some(({ as }) => as !== 'text');
}

/** Writes an answer; `read` gives the value of each token. Synth lets no unknown one through. */
export function fillAnswer(template: string, read: (token: AnswerToken) => string): string {
  return template.replaceAll(TOKEN, (text, kind: string, argument?: string) => {
    const token = readToken(text, kind, argument);
    return token.problem === undefined ? read(token) : text;
  });
}

function readToken(text: string, kind: string, argument = ''): AnswerToken {
  const as = kind === 'hmacHex' || kind === 'hmacBase64' ? kind : 'text';
  // `{hmacHex:/pointer}` is of the body, as in `{hmacHex:body:/pointer}`.
  const place =
    as === 'text' ? `${kind}:${argument}` : argument.startsWith('/') ? `body:${argument}` : argument;
  const [, from, name = ''] = /^(query|header|body):(.+)$/.exec(place) ?? [];
  const isKnown = from !== undefined && (from !== 'body' || name.startsWith('/'));
  const value = {
    from: from as Value['from'],
    name: from === 'header' ? name.toLowerCase() : name,
    as,
  } as const;
  return isKnown ? { text, ...value } : { text, ...value, problem: `is not known. Tokens are: ${FORMS}.` };
}
