/** For every client of the SDK: its middleware is put together once for each command, not for each call. */
export const LEAN_SETTINGS = { cacheMiddleware: true } as const;

type Client = { readonly middlewareStack: { readonly remove: (name: string) => boolean } };

/** Takes out of a client what writes a call's input and output to a log that nobody has asked for. */
export function withoutLogger<Lean extends Client>(client: Lean): Lean {
  client.middlewareStack.remove('loggerMiddleware');
  return client;
}
