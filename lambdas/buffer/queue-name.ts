/** The name of a stack's buffer: a command that knows the stack finds the queue without asking further. */
export function bufferQueueName(stackName: string): string {
  return `${stackName}-buffer`;
}
