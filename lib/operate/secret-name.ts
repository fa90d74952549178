/**
 * The name in Secrets Manager of one of a stack's secrets. What a mapping file calls it is the same for every stage; what
 * an account has under one name can belong to one stage only.
 * @param name what the names of the stack's resources begin with (`WebhookAdapterProps.name`)
 */
export function secretNameOf(name: string, secret: string): string {
  return `${name}/${secret}`;
}
