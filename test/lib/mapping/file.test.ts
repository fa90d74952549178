import { describe, expect, test } from '@jest/globals';
import { formatProblems } from '../../../lib/config/file.ts';
import { parseMappingFile } from '../../../lib/mapping/file.ts';

function problemsOf(text: string, folder = 'stripe'): readonly string[] {
  const parsed = parseMappingFile('mappings/stripe/mapping.yaml', text, { folder, stages: ['dev', 'prod'] });
  return parsed.ok ? [] : formatProblems(parsed.failure).split('\n');
}

const HEAD = ['source: stripe', 'verify: stripe', 'secret: webhooks/stripe', 'events:'];
const EVENT = [
  '  - name: paid',
  '    on: invoice.paid',
  '    event-id: evt_1',
  '    event-key: "{% email %}"',
];

function mapping(...lines: string[]): string {
  return [...HEAD, ...EVENT, ...lines].join('\n');
}

describe('a mapping file', () => {
  test('with everything it needs has no problems', () => {
    expect(problemsOf(mapping('    event-params:', '      channel: stripe'))).toEqual([]);
  });

  test('reports all its problems at once, each at its line, with what to do', () => {
    const text = [
      'source: stripe',
      'verify: strype',
      'secrets: webhooks/stripe',
      'events:',
      '  - name: Paid',
      '    on: []',
      '    evnt-id: evt_1',
      '    event-key: 5',
      '    event-params:',
      '      amount: "{% amount %} EUR"',
      '      active: true',
    ].join('\n');

    expect(problemsOf(text)).toEqual([
      'mappings/stripe/mapping.yaml:1:1  secret  is missing. Add it.',
      'mappings/stripe/mapping.yaml:2:1  verify  "strype" is not a profile. Did you mean "stripe"?',
      'mappings/stripe/mapping.yaml:3:1  secrets  is not a known key. Did you mean "secret"?',
      'mappings/stripe/mapping.yaml:5:5  events[0].name  expected lower-case words joined by "-"',
      'mappings/stripe/mapping.yaml:5:5  events[0].definition  is missing. Name a definition of webex-events.yaml, or add an event-id.',
      'mappings/stripe/mapping.yaml:6:5  events[0].on  is empty. Fill it in.',
      'mappings/stripe/mapping.yaml:7:5  events[0].evnt-id  is not a known key. Did you mean "event-id"?',
      'mappings/stripe/mapping.yaml:8:5  events[0].event-key  expected text: quote a literal ("5"), or write an expression: "{% … %}"',
      'mappings/stripe/mapping.yaml:10:7  events[0].event-params.amount  expected the whole value to be one expression, "{% … %}": text around it does not work',
      'mappings/stripe/mapping.yaml:11:7  events[0].event-params.active  expected text: quote a literal ("5"), or write an expression: "{% … %}"',
    ]);
  });

  test('that is missing everything says what to add', () => {
    expect(
      problemsOf([...HEAD, '  - {}', '  - on: 5'].join('\n')).map((line) => line.split('  ').slice(1)),
    ).toEqual([
      ['events[0].name', 'is missing. Add it.'],
      ['events[0].on', 'is missing. Add it.'],
      ['events[0].event-key', 'is missing. Add it.'],
      ['events[0].definition', 'is missing. Name a definition of webex-events.yaml, or add an event-id.'],
      ['events[1].name', 'is missing. Add it.'],
      ['events[1].on', 'expected an event type, or a list of them'],
      ['events[1].event-key', 'is missing. Add it.'],
      ['events[1].definition', 'is missing. Name a definition of webex-events.yaml, or add an event-id.'],
    ]);
  });

  test('that is not YAML says where', () => {
    expect(problemsOf('source: "stripe')).toEqual([
      expect.stringMatching(/^mappings\/stripe\/mapping\.yaml:1:\d+ {2}is not valid YAML: /),
    ]);
  });

  test('that is empty says so', () => {
    expect(problemsOf('')).toEqual([
      'mappings/stripe/mapping.yaml:1:1  expected keys and values, found nothing.',
    ]);
  });

  test('with an expression that does not parse says where and why', () => {
    expect(problemsOf(mapping('    when: "{% amount > %}"'))).toEqual([
      expect.stringMatching(
        /^mappings\/stripe\/mapping\.yaml:9:5 {2}events\[0\]\.when {2}is not valid JSONata at character \d+: /,
      ),
    ]);
  });

  test('has the name of its folder', () => {
    expect(problemsOf(mapping(), 'shop')).toEqual([
      'mappings/stripe/mapping.yaml:1:1  source  expected "shop", the name of the folder. Rename one of the two. Where the folder had another name, say "formerly: [old-name]".',
    ]);
  });

  test('has no name that the commands have for the keys of Webex Campaign', () => {
    const named = mapping().replace('source: stripe', 'source: webex-campaign');

    expect(problemsOf(named, 'webex-campaign')).toEqual([
      'mappings/stripe/mapping.yaml:1:1  source  "webex-campaign" is the name of the secret with the keys of Webex Campaign, in all commands. Rename the folder.',
    ]);
  });

  test('names each event once', () => {
    expect(
      problemsOf(mapping(...EVENT.map((line) => line.replace('invoice.paid', 'invoice.created')))),
    ).toEqual([
      'mappings/stripe/mapping.yaml:9:5  events[1].name  "paid" names an event above. Give each its own name.',
    ]);
  });
});
