/** Writes one structured line. */
export type WriteLogLine = (fields: object) => void;

/** Writes lines of JSON, each with the name of its stack, which is a dimension of every metric. */
export function createLog(stack: string): WriteLogLine {
  // Taken here, since Node creates it at the first access.
  const { stdout } = process;
  return (fields) => {
    stdout.write(`${JSON.stringify({ ...fields, stack })}\n`);
  };
}
