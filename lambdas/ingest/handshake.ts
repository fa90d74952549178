import * as z from 'zod';
import { headerNameSchema } from './signature-scheme.ts';

const valuesSchema = z.record(z.string().min(1), z.string());

/** A fixed answer of a source to what it takes. */
export const acknowledgementSchema = z.strictObject({
  contentType: z
    .string()
    .regex(/^[\w.+-]+\/[\w.+-]+(; ?charset=[\w-]+)?$/, 'expected a media type: text/plain'),
  body: z.string(),
});

/**
 * A request by which a vendor tries an endpoint before it trusts it with webhooks. `*` in the place of a value means
 * that there has to be one, whatever it is.
 */
export const handshakeSchema = z.strictObject({
  match: z.strictObject({
    method: z.enum(['GET', 'HEAD', 'POST']),
    query: valuesSchema.optional(),
    headers: z.record(headerNameSchema, z.string()).optional(),
    /** By JSON pointer, in a JSON or form-encoded body. */
    body: valuesSchema.optional(),
  }),
  /**
   * `signature`: verified as any webhook is. `token`: a query parameter has to equal the `verifyToken` that lies beside
   * the signing secrets. `none`: the answer tells nothing that a stranger may not know.
   */
  authenticate: z.union([z.enum(['none', 'signature']), z.strictObject({ token: z.string().min(1) })], {
    error: 'expected none, signature or {token: QUERY_PARAMETER}',
  }),
  respond: z.strictObject({
    status: z.int().min(200).max(299),
    ...acknowledgementSchema.shape,
  }),
});

export type Handshake = z.infer<typeof handshakeSchema>;
export type Acknowledgement = z.infer<typeof acknowledgementSchema>;
