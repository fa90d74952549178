import { Buffer } from 'node:buffer';

/**
 * The member of a body that changes with each delivery, and its value in the first: `0` where it counts, `false` where it
 * turns `true`. 0.1.0 took the body's hash for the id of such a webhook.
 */
export type Redelivery = { readonly member: string; readonly first: 0 | false };

/** No vendor tries as often. */
const MAX_EARLIER = 20;

/**
 * The bodies of the deliveries before this one, latest first, with every other byte kept. Where several items of a batch
 * count, they have counted together.
 */
export function earlierBodies(rawBody: Uint8Array, { member, first }: Redelivery): readonly Uint8Array[] {
  // One character a byte: what is not replaced stays as it is, whatever its encoding.
  const text = Buffer.from(rawBody).toString('latin1');
  const value = first === false ? 'true' : '\\d{1,9}';
  // JSON escapes every quote within a text, so that this is a member's name.
  const members = new RegExp(`(?<!\\\\)("${member}"\\s*:\\s*)(${value})(?![\\d.eE])`, 'g');
  const rewrite = (change: (value: string) => string) =>
    Buffer.from(
      text.replaceAll(members, (_, name: string, found: string) => name + change(found)),
      'latin1',
    );
  const found = [...text.matchAll(members)].map((match) => Number(match[2]));
  if (found.length === 0) return [];
  if (first === false) return [rewrite(() => 'false')];
  const deliveries = found.reduce((least, count) => Math.min(least, count), MAX_EARLIER);
  return Array.from({ length: deliveries }, (_, index) =>
    rewrite((count) => String(Number(count) - index - 1)),
  );
}
