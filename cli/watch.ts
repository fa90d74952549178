import { type FSWatcher, watch as watchFile } from 'node:fs';
import { dirname } from 'node:path';
import type { MapOptions } from './map-webhook.ts';
import type { Project } from './project.ts';

/** Editors write a file in several steps. */
const SETTLE_MILLISECONDS = 100;

/** Does something now, and again whenever a mapping, an example, the body or the headers are saved; until Ctrl-C. */
export async function watch(
  { mappings }: Project,
  { body, headers }: MapOptions,
  show: () => Promise<void>,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const showSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      process.stdout.write(`\n── ${new Date().toLocaleTimeString()}\n`);
      await show();
    }, SETTLE_MILLISECONDS);
  };
  const watchers: FSWatcher[] = [watchFile(mappings, { recursive: true }, showSoon)];
  for (const file of [body, headers]) {
    // The folder rather than the file: many editors put a new file in the place of the old one.
    if (file !== undefined) watchers.push(watchFile(dirname(file), showSoon));
  }
  // Only now, so that no change is missed.
  await show();
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  clearTimeout(timer);
  for (const watcher of watchers) watcher.close();
}
