/**
 * The name in Secrets Manager of one of a stack's secrets. A mapping file has one name for all stages, but each stage needs
 * a secret of its own.
 * @param name what the names of the stack's resources begin with (`WebhookAdapterProps.name`)
 */
export function secretNameOf(name: string, secret: string): string {
  return `${name}/${secret}`;
}
