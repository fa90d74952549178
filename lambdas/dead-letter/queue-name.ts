/** The name of a stack's dead-letter queue: a command that knows the stack finds the queue without asking further. */
export function deadLetterQueueName(stackName: string): string {
  return `${stackName}-dead-letter`;
}
