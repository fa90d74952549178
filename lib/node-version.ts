/** `JSON.rawJSON` and the source text of numbers came together (Node.js 21), and with them every digit of a long id. */
const KEEPS_DIGITS = typeof JSON.rawJSON === 'function';

/** What is to be said to a Node.js that would read long ids otherwise than the deployed functions do. */
export function explainOldNode(): string | undefined {
  return KEEPS_DIGITS ? undefined : `Node.js 22 or newer is needed; this is ${process.versions.node}.`;
}

/** Throws where previews and checks would differ from what is deployed. */
export function refuseOldNode(): void {
  const old = explainOldNode();
  if (old !== undefined) throw new Error(old);
}
