/** The name of a stack's dead-letter queue. Commands find the queue by it. */
export function deadLetterQueueName(stackName: string): string {
  return `${stackName}-dead-letter`;
}
