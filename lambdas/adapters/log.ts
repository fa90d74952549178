/** Writes one structured line. CloudWatch Logs Insights finds the fields of a line of JSON by itself. */
export function writeLogLine(fields: object): void {
  process.stdout.write(`${JSON.stringify(fields)}\n`);
}
