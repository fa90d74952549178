/** Whether an event type is one that `on` names: exactly, or by a pattern in which `*` stands for any text. */
export function matchesEventType(pattern: string, eventType: string): boolean {
  if (!pattern.includes('*')) return eventType === pattern;
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop() ?? '';
  if (eventType.length < head.length + tail.length) return false;
  if (!eventType.startsWith(head) || !eventType.endsWith(tail)) return false;

  // The first place of each piece leaves the most for the next, so that nothing is tried twice.
  const end = eventType.length - tail.length;
  let from = head.length;
  for (const piece of rest) {
    const at = eventType.indexOf(piece, from);
    if (at < 0 || at + piece.length > end) return false;
    from = at + piece.length;
  }
  return true;
}
