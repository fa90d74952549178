import type { WorkRounds } from './measure/in-process.ts';
import type { WarmRounds } from './measure/warm.ts';
import type { Endpoints } from './stub/start-endpoints.ts';
import type { Subjects } from './subjects.ts';

/** What is measured, against what, and for how long. */
export type World = {
  readonly subjects: Subjects;
  readonly endpoints: Endpoints;
  readonly effort: Effort;
};

export type Effort = {
  readonly coldRounds: number;
  readonly warm: WarmRounds;
  readonly work: WorkRounds;
  /** Sent through the whole path, for each number of senders. */
  readonly webhooks: number;
  /** Bytes of a body, and numbers of mapping folders, with which the whole path is measured besides; ascending. */
  readonly pathBytes: readonly number[];
  readonly pathSources: readonly number[];
  /** Messages that wait on the buffer while the rate of delivery is measured, ascending. */
  readonly backlogs: readonly number[];
  /** Memory sizes of a function in megabytes, ascending. */
  readonly memories: readonly number[];
};

/** All of it is to be over in less than 15 minutes on two cores; the quick mode, for CI, in two. */
export const FULL: Effort = {
  coldRounds: 41,
  warm: { launches: 4, rounds: 11, events: 150, warmUp: 1_500 },
  work: { rounds: 41, milliseconds: 20 },
  webhooks: 400,
  pathBytes: [2_000, 20_000, 200_000, 900_000],
  pathSources: [1, 10, 100, 1_000],
  backlogs: [1_000, 10_000, 100_000],
  memories: [128, 256, 512, 1_024],
};

export const QUICK: Effort = {
  coldRounds: 7,
  warm: { launches: 1, rounds: 7, events: 100, warmUp: 800 },
  work: { rounds: 9, milliseconds: 10 },
  webhooks: 30,
  pathBytes: [],
  pathSources: [],
  backlogs: [],
  memories: [],
};
