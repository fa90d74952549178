import type { VerificationFailure } from './verification.ts';

type Sentences = {
  readonly [Code in VerificationFailure['code']]: (
    failure: Extract<VerificationFailure, { code: Code }>,
  ) => string;
};

/** What is wrong and what to do about it, per code; a code without a sentence does not compile. */
const SENTENCES: Sentences = {
  'missing-header': ({ header }) =>
    `The header ${header} is missing or empty: only signed webhooks are taken. Send it, and check that no proxy drops it.`,
  'missing-query-parameter': ({ parameter }) =>
    `The query parameter ${parameter} is missing or empty. Register the URL with it.`,
  'missing-member': ({ member }) =>
    `The body's ${member} is missing or empty: only signed webhooks are taken. Switch signing on at the sender.`,
  'malformed-header': ({ header, form }) =>
    `The header ${header} cannot be read. Expected it once, as ${form}. Check which signature scheme the sender uses.`,
  'malformed-member': ({ member, form }) =>
    `The body's ${member} cannot be read. Expected ${form}. Check which kind of webhook the sender is set to.`,
  'repeated-header': ({ header, found }) =>
    `The header ${header} holds ${found} values where one is expected. Send it once.`,
  'timestamp-too-old': ({ skewSeconds, toleranceSeconds }) =>
    `The signature's timestamp is ${skewSeconds} s old; at most ${toleranceSeconds} s are tolerated. ` +
    "Sign again, or check the sender's clock.",
  'timestamp-in-future': ({ skewSeconds, toleranceSeconds }) =>
    `The signature's timestamp is ${skewSeconds} s in the future; at most ${toleranceSeconds} s are ` +
    "tolerated. Check the sender's clock.",
  'body-hash-differs': ({ parameter }) =>
    `The body's SHA-256 is not the one in the query parameter ${parameter}: one of the two was changed on the way. ` +
    'Pass both on untouched.',
  'wrong-signature-length': ({ expectedBytes, foundBytes }) =>
    `The signature has ${foundBytes} bytes; this scheme's have ${expectedBytes}. It was cut, or another algorithm made it: ` +
    'check the scheme.',
  'body-re-encoded': ({ change }) =>
    `The signature fits the body ${change}: something has re-written the body after it was signed. ` +
    'Pass the raw bytes on, without parsing them.',
  'no-matching-secret': ({ secretsTried }) =>
    `The signature matches none of the active signing secrets (${secretsTried} tried). ` +
    'Either the secret differs or the body was changed after it was signed: compare the secret with the sender’s.',
  'secret-whitespace': ({ secretSlot }) =>
    `The signature matches signing secret ${secretSlot} once the white space around it is cut off. ` +
    'The operator has to store it without.',
  'wrong-secret-kind': ({ secretSlot, configured, matching }) =>
    `The signature matches signing secret ${secretSlot} read as ${matching}, but it is configured as ${configured}. ` +
    'The operator has to mend the secret or the scheme.',
  'secret-undecodable': ({ secretsTried, expected }) =>
    `No signing secret (${secretsTried} tried) can be read as ${expected}. The operator has to store one that can.`,
  'public-url-missing': () =>
    'The signature covers the URL, and nobody has said what the sender calls. The operator has to configure publicUrl.',
  'public-url-differs': ({ change }) =>
    `The signature fits the configured URL with ${change}. The operator has to configure publicUrl as the sender has it.`,
};

/** Says in sentences why a webhook did not verify. Names no secret and no signature. */
export function adviseOn(failure: VerificationFailure): string {
  return (SENTENCES[failure.code] as (failure: VerificationFailure) => string)(failure);
}
