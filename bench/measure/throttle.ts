import type { ChildProcess } from 'node:child_process';

/** Lambda gives a whole CPU at this memory, and a share in proportion below (Lambda developer guide, "Configure memory"). */
const FULL_CPU_MEGABYTES = 1_769;

const PERIOD_MILLISECONDS = 20;

/**
 * Lets a process run for no more than the share of a CPU that so much memory buys, by stopping it for the rest of each
 * period: what a CPU quota does, without the rights that a control group needs. Gives the means to end it.
 */
export function throttle(child: ChildProcess, memoryMegabytes: number): () => void {
  const running = (PERIOD_MILLISECONDS * memoryMegabytes) / FULL_CPU_MEGABYTES;
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    child.kill('SIGSTOP');
    timer = setTimeout(go, PERIOD_MILLISECONDS - running);
  };
  const go = () => {
    child.kill('SIGCONT');
    timer = setTimeout(stop, running);
  };
  stop();
  return () => {
    clearTimeout(timer);
    child.kill('SIGCONT');
  };
}
