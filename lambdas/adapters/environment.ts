import * as z from 'zod/mini';
import '../schema-messages.ts';

/** A variable that has to say something. */
export const textSchema = z.string().check(z.minLength(1));

/** Reads the environment once per cold start. Throws with every problem at once: the function cannot work. */
export function readEnvironment<Environment>(schema: z.ZodMiniType<Environment>): Environment {
  const parsed = schema.safeParse(process.env);
  if (parsed.success) return parsed.data;
  throw new Error(`The function's environment is wrong:\n${z.prettifyError(parsed.error)}`);
}
