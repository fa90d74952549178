import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { type Figure, figureOf, round, type World } from '../figures.ts';
import type { WorkFigures } from '../measure.ts';

/** Kilobytes of a body, and what verification of it may cost in HMACs. */
const GOALS = [
  [2, 1.2],
  [20, 1.05],
  [200, 1.05],
] as const;

/** The profiles of vendors who have a library of their own for Node. */
const PROFILES = ['stripe', 'github', 'standard-webhooks', 'shopify'];

const CHILD = fileURLToPath(new URL('verify-scheme.ts', import.meta.url));

const spreadSchema = z.object({ median: z.number(), p10: z.number(), p90: z.number() });
const measuredSchema = z.record(z.string(), z.object({ micros: spreadSchema, ratio: spreadSchema }));

/**
 * P6: verification against one HMAC, and against the vendors' own libraries in the same process. Each scheme has a process
 * of its own, as a function has whose sources sign alike: V8 compiles for the shapes of values that it has seen.
 */
export async function measureVerification({ effort }: World): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const profile of PROFILES) {
    for (const [kilobytes, goal] of GOALS) {
      const child = fork(CHILD, [profile, String(kilobytes * 1000), JSON.stringify(effort.work)]);
      const [message] = await Promise.race([once(child, 'message'), failAtExit(child)]);
      figures.push(...figuresOf(`verify ${kilobytes} KB, ${profile}`, goal, measuredSchema.parse(message)));
    }
  }
  return figures;
}

async function failAtExit(child: ReturnType<typeof fork>): Promise<never> {
  const [code] = await once(child, 'exit');
  throw new Error(`What measures a signature scheme has ended with ${code}.`);
}

function figuresOf(
  what: string,
  goal: number,
  { ours, floor: _, ...libraries }: Readonly<Record<string, WorkFigures>>,
): readonly Figure[] {
  if (ours === undefined) throw new Error(`Nothing was measured: ${what}.`);
  return [
    figureOf({ id: 'P6', what: `${what} / HMAC`, unit: 'x', goal, isHeld: true }, ours.ratio),
    ...Object.entries(libraries).map(([library, { micros }]): Figure => {
      const value = round(ours.micros.median / micros.median);
      return { id: 'P6', what: `${what} / ${library}`, unit: 'x', value, goal: 1 };
    }),
  ];
}
