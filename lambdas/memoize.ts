/** More than a catalogue has; whoever asks for more (a test, a command) only loses what was remembered. */
const MOST = 1_000;

/**
 * A pure function of a text that makes each result once: for what is read from the mapping files and would otherwise be
 * compiled anew for every webhook. The text never comes from a request.
 */
export function memoize<Made>(make: (text: string) => Made): (text: string) => Made {
  const made = new Map<string, Made>();
  return (text) => {
    const known = made.get(text);
    if (known !== undefined) return known;
    if (made.size >= MOST) made.clear();
    const fresh = make(text);
    made.set(text, fresh);
    return fresh;
  };
}
