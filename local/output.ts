import { styleText } from 'node:util';
import type { Result } from '../lambdas/result.ts';
import { escapeLines, escapeUnseen } from '../lib/config/terminal.ts';
import { isDelivered, type Story } from './demonstration.ts';
import type { DeliverLine, IngestLine, LogLine } from './run.ts';
import { formatMissing } from './settings.ts';
import type { ReceivedCall } from './webex-campaign/judge.ts';

// What the local run prints. Colour only where the terminal wants it.

/** As wide as the names of facts. */
const INDENT = ' '.repeat(16);

export function formatHeading(text: string): string {
  return `\n${styleText('bold', text)}`;
}

/** A name and a text, aligned with its neighbours. */
export function formatFact(name: string, text: string): string {
  return `  ${styleText('dim', name.padEnd(14))}${text}`;
}

/** One webhook's whole story, stage by stage. */
export function formatStory(number: number, source: string, story: Story): string {
  const { sample, path } = story.signed;
  const [first, ...more] = story.mapped.map(formatMapped);
  return [
    formatHeading(escapeUnseen(`Story ${number}: ${source} says ${sample.eventType}`)),
    formatFact('came in', `POST ${path}, ${sample.body.length} bytes of ${sample.path}`),
    formatFact('verified', formatIngest(story)),
    formatFact('mapped to', [first ?? 'nothing', ...more].join(`\n${INDENT}`)),
    formatFact('answered', formatAnswer(story.deliver)),
    formatEnd(story),
  ].join('\n');
}

/** A line that a function has logged, for a person. */
export function formatLine(line: LogLine | string): string {
  if (typeof line === 'string') return formatFact('log', escapeUnseen(line));
  return line.stage === 'ingest' ? formatIngestLine(line) : formatDeliverLine(line);
}

/** A call that reached the simulator, with all it held. */
export function formatCall({ body, answer }: ReceivedCall): string {
  const answered = answer === undefined ? 'no answer' : `HTTP ${answer.status} ${answer.body}`;
  return formatFact('webex', `${escapeUnseen(body)}\n${INDENT}${escapeUnseen(answered)}`);
}

function formatIngest({ ingest, answer }: Story): string {
  const answered = escapeUnseen(`answered HTTP ${answer.status} ${answer.body}`);
  if (ingest?.secretIndex === undefined) return styleText('red', `no: ${answered}`);
  const source = escapeUnseen(ingest.source ?? '');
  return `signature of ${source}, by ${nameSecret(ingest.secretIndex)}; ${answered}`;
}

function formatMapped(mapped: Story['mapped'][number]): string {
  if (mapped.kind !== 'event') return `${mapped.name}: ${mapped.kind}`;
  const { eventId, eventKey, params } = mapped.event;
  const payload = JSON.stringify(
    { 'event-id': eventId, 'event-key': eventKey, 'event-params': params },
    null,
    2,
  );
  return `${styleText('cyan', mapped.name)}\n${escapeLines(payload).replace(/^/gm, INDENT)}`;
}

function formatAnswer(lines: readonly DeliverLine[]): string {
  if (lines.length === 0)
    return styleText('red', 'no line of deliver within the time that this demonstration waits');
  return lines.map(formatOutcome).join('; ');
}

function formatOutcome({ event, item, outcome, code, detail, transactionId, answer }: DeliverLine): string {
  const status = answer && `HTTP ${answer.status}${answer.code === undefined ? '' : `, code ${answer.code}`}`;
  const why =
    outcome === 'delivered'
      ? transactionId
      : [outcome, code === outcome ? '' : code, detail].filter(Boolean).join(' ');
  const name = item === undefined ? event : `${event} ${item + 1}`;
  return escapeUnseen([name, status, why].filter(Boolean).join('  '));
}

function formatEnd(story: Story): string {
  return isDelivered(story)
    ? `  ${styleText('green', `delivered in ${story.milliseconds} ms`)}`
    : `  ${styleText('red', 'not delivered')}`;
}

function formatIngestLine({ code, source = '', eventTypes = [], secretIndex, secret }: IngestLine): string {
  const verified = secretIndex === undefined ? '' : `(by ${nameSecret(secretIndex)})`;
  const isMissing = code === 'secret-missing' && secret !== undefined;
  const advice = isMissing ? `${formatMissing(secret.replace(/^[^/]*\//, ''))}` : '';
  const facts = [code, source, eventTypes.join(', '), verified, advice].filter(Boolean).join('  ');
  return formatFact('ingest', escapeUnseen(facts));
}

function formatDeliverLine(line: DeliverLine): string {
  const { source, eventTypes = [], attempts = 0, cause, retrySeconds } = line;
  const tries = attempts > 1 ? `attempt ${attempts}` : '';
  const again = retrySeconds === undefined ? '' : `again in ${retrySeconds} s`;
  const facts = [source, eventTypes.join(', '), formatOutcome(line), tries, again, cause];
  return formatFact('deliver', escapeUnseen(facts.filter(Boolean).join('  ')));
}

function nameSecret(index: number): string {
  return index === 0 ? 'the newest secret' : `secret ${index + 1}`;
}

/** What came of mappings that were saved while the local run is up. */
export function formatRedeployed(redeployed: Result<void, string>): string {
  return redeployed.ok
    ? formatFact('deployed', 'the mappings as they are now')
    : `${redeployed.failure}\n${formatFact('not deployed', 'because of the problems above: the mappings from before go on running')}`;
}
