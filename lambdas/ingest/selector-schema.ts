import * as z from 'zod';
import { headerNameSchema } from './signature-scheme.ts';

/** RFC 6901; a segment `*` stands for every item of a list. */
const pointerSchema = z
  .string()
  .regex(/^(\/([^~/]|~[01])+)+$/, 'expected a JSON pointer: "/data/id" ("*" for every item of a list)');

/** Where a value stands: in a header, in the body (of several pointers the first that leads anywhere), or its hash. */
export const selectorSchema = z.union(
  [
    z.strictObject({ header: headerNameSchema }),
    z.strictObject({ body: z.union([pointerSchema, z.array(pointerSchema).min(1)]) }),
  ],
  { error: 'expected {header: NAME} or {body: "/json/pointer"}' },
);

export type Selector = z.infer<typeof selectorSchema>;
