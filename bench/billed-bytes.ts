import { Buffer } from 'node:buffer';

/** An attribute as DynamoDB's protocol has it, as far as the ledger uses it. */
export type AttributeValue = Readonly<Record<string, unknown>>;

/** The attributes of an item, as a request has them. */
export function readItem(item: unknown): readonly [string, AttributeValue][] {
  return Object.entries(Object(item)) as [string, AttributeValue][];
}

/** The size of an item as DynamoDB counts it (developer guide, "Item sizes and formats"). */
export function itemBytes(item: readonly [string, AttributeValue][]): number {
  return item.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);
}

function valueBytes(value: AttributeValue): number {
  const [[type = '', content] = []] = Object.entries(value);
  switch (type) {
    case 'S':
      return Buffer.byteLength(String(content));
    case 'N':
      return Math.ceil(String(content).replace(/\D/g, '').length / 2) + 1;
    case 'L':
      return 3 + (content as AttributeValue[]).reduce((sum, one) => sum + 1 + valueBytes(one), 0);
    case 'M':
      return 3 + readItem(content).reduce((sum, one) => sum + 1 + itemBytes([one]), 0);
    default:
      return 1;
  }
}

/** What CloudWatch Logs adds to each line that it bills (API reference, PutLogEvents). */
const LINE_OVERHEAD_BYTES = 26;

/** What a line of a log is billed as. */
export function lineBytes(line: string): number {
  return Buffer.byteLength(line.trimEnd()) + LINE_OVERHEAD_BYTES;
}
