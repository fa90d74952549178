/** Whether a value of a mapping is an expression rather than literal text. */
export function isExpression(text: string): boolean {
  return text.startsWith('{%') && text.endsWith('%}') && !text.includes('{%', 2) && text.length >= 4;
}

/** The JSONata between the delimiters. */
export function expressionSource(text: string): string {
  return text.slice(2, -2).trim();
}
