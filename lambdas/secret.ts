import type * as z from 'zod/mini';
import { fail, parseJson, type Result, succeed } from './result.ts';
import './schema-messages.ts';

/** Why a secret cannot be used: it has no value yet, its value has the wrong form, or reading it failed. */
export type SecretFailure =
  | { readonly code: 'secret-missing'; readonly secret: string }
  | { readonly code: 'secret-invalid'; readonly secret: string; readonly problems: readonly string[] }
  | { readonly code: 'secret-unreadable'; readonly secret: string; readonly cause: string };

/** Parses a secret's text as the JSON that it should hold; problems name a path, never a value. */
export function parseSecret<Value>(
  secret: string,
  text: string,
  schema: z.ZodMiniType<Value>,
): Result<Value, SecretFailure> {
  const json = parseJson(text);
  if (json === undefined) {
    return fail({ code: 'secret-invalid', secret, problems: ['the value is not JSON'] });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return succeed(parsed.data);
  const problems = parsed.error.issues.map(
    ({ path, message }) => `/${path.map(String).join('/')}: ${message}`,
  );
  return fail({ code: 'secret-invalid', secret, problems });
}
