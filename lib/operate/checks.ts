import { Token } from 'aws-cdk-lib';
import type { MappingFile } from '../mapping/file.ts';
import { eventIdOf } from '../mapping/schema.ts';
import { eventUrlSchema } from '../stages/schema.ts';

/** A URL that is known only at deploy time is checked by the export function that calls it. */
export function checkEventUrl(url: string): string {
  if (Token.isUnresolved(url)) return url;
  const checked = eventUrlSchema.safeParse(url);
  if (checked.success) return url;
  throw new Error(
    `eventUrl: ${checked.error.issues.map(({ message }) => message).join('; ')}. Found "${url}".`,
  );
}

/** Mapping files are checked when they are read; which stage they are for is known only here. */
export function refuseMissingIds(mappings: readonly MappingFile[], stage: string): void {
  const missing = mappings.flatMap(({ source, events }) =>
    events
      .filter((event) => !eventIdOf(event, stage))
      .map(({ name }) => `${source}: ${name} has no event-id for stage "${stage}"`),
  );
  if (missing.length > 0) throw new Error(`The mappings do not fit the stage:\n${missing.join('\n')}`);
}

/** What a vendor signs with must not be what the adapter itself keeps: the functions would read each other's. */
export function refuseTakenSecrets(mappings: readonly MappingFile[], taken: readonly string[]): void {
  const clashes = mappings
    .filter(({ secret }) => taken.includes(secret))
    .map(
      ({ source, secret }) =>
        `${source}: the secret "${secret}" is the adapter's own. Name it webhooks/${source}.`,
    );
  if (clashes.length > 0) throw new Error(`The mappings do not fit the adapter:\n${clashes.join('\n')}`);
}

/** Ends the synth where numbers do not fit together: none of them may deploy before the others follow. */
export function refuseUnfit(what: string, sentences: readonly string[]): void {
  if (sentences.length > 0) throw new Error(`${what} do not fit together:\n${sentences.join('\n')}`);
}
