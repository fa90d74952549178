/** Ends the synth where numbers do not fit together: none of them may deploy before the others follow. */
export function refuseUnfit(what: string, sentences: readonly string[]): void {
  if (sentences.length > 0) throw new Error(`${what} do not fit together:\n${sentences.join('\n')}`);
}
