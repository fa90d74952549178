import * as z from 'zod';

const timesSchema = z.int().min(1).default(1);

/** An answer that a test or a person dictates, in the place of the simulator's own judgement. */
const scriptedAnswerSchema = z.union([
  z.strictObject({
    status: z.int().min(200).max(599),
    /** Sent as it is; an object is sent as JSON. */
    body: z.union([z.string(), z.record(z.string(), z.unknown())]).default(''),
    headers: z.record(z.string(), z.string()).default({}),
    delayMilliseconds: z.int().min(0).default(0),
    times: timesSchema,
  }),
  /** Reads the request and never answers. */
  z.strictObject({ hang: z.literal(true), times: timesSchema }),
  /** Closes the connection once the request was read. */
  z.strictObject({ reset: z.literal(true), times: timesSchema }),
]);

/** The next answers, in their order. */
export const scriptSchema = z.array(scriptedAnswerSchema);

export type Script = z.input<typeof scriptSchema>;
export type ScriptedAnswer = z.output<typeof scriptedAnswerSchema>;
