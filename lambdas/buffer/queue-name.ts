/** The name of a stack's buffer. Commands find the queue by it. */
export function bufferQueueName(stackName: string): string {
  return `${stackName}-buffer`;
}
