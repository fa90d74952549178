/** A piece of an expression. A word may be a name, `and`, `true` …; a name stood between backticks. */
export type Token = {
  readonly kind: 'number' | 'string' | 'name' | 'variable' | 'word' | 'mark';
  readonly text: string;
};

/** What the groups of `TOKEN` are, one after the other. */
const KINDS = ['number', 'string', 'string', 'name', 'variable', 'word', 'mark'] as const;
/** White space is JSONata's own, and so is what ends a word: anything else would be part of it. */
const TOKEN =
  /[ \t\n\r\v]*(?:((?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?)|'([^'\\]*)'|"([^"\\]*)"|`([^`]+)`|(?:\$(\$|[A-Za-z_]\w*|)|([A-Za-z_]\w*))(?=[ \t\n\r\v.[\]{}(),@#;:?+\-*/%|=<>^&!~]|$)|([:!<>]=|\?[:?]|\.\.|\*\*|~>|[.[\]{}(),;:?+\-*/%=<>&]))/y;

/** What is longer is left to JSONata. */
const MAX_TOKENS = 1_000;

/** Cuts an expression into its pieces; `undefined` where there is anything in it that is not known here. */
export function readTokens(source: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < source.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    if (match === null || tokens.length === MAX_TOKENS) return undefined;
    const group = match.findIndex((found, index) => index > 0 && found !== undefined);
    tokens.push({ kind: KINDS[group - 1] ?? 'mark', text: match[group] ?? '' });
  }
  return tokens;
}
