/** Whether a call's proof that nothing is wrong is to be written down; whoever asks is expected to do it. */
export type TakeProof = (now: Date) => boolean;

/** CloudWatch looks at a whole minute: what is said once in it need not be said, and paid for, with every event. */
const PROOF_MILLISECONDS = 60_000;

/** Gives leave for a proof once a minute, the first time at once. */
export function createProofClock(): TakeProof {
  let takenAt: number | undefined;
  return (now) => {
    const isDue = takenAt === undefined || now.getTime() - takenAt >= PROOF_MILLISECONDS;
    if (isDue) takenAt = now.getTime();
    return isDue;
  };
}
