import { Buffer, isUtf8 } from 'node:buffer';

/**
 * What frameworks and proxies are known to do to a body on its way: parse it and write it anew, or change its line ends.
 * Each is the body as it may have been when it was signed, with a name for what would have to be undone.
 */
export function* rewriteBody(rawBody: Uint8Array): Generator<readonly [change: string, body: Buffer]> {
  if (!isUtf8(rawBody)) return;
  const text = Buffer.from(rawBody).toString('utf8');
  for (const [change, rewrite] of [...TEXT_CHANGES, ...JSON_CHANGES]) {
    const rewritten = rewrite(text);
    if (rewritten !== undefined && rewritten !== text) yield [change, Buffer.from(rewritten)];
  }
}

type Change = readonly [name: string, rewrite: (text: string) => string | undefined];

const TEXT_CHANGES: readonly Change[] = [
  ['without its byte order mark', (text) => text.replace(/^\ufeff/, '')],
  ['without white space around it', (text) => text.trim()],
  ['with a line end after it', (text) => `${text}\n`],
  ['with a CRLF after it', (text) => `${text}\r\n`],
  ['with LF line ends', (text) => text.replaceAll('\r\n', '\n')],
  ['with CRLF line ends', (text) => text.replaceAll(/\r?\n/g, '\r\n')],
  ['with upper-case \\u escapes', (text) => text.replaceAll(/\\u[0-9a-f]{4}/gi, upperCaseEscape)],
];

const JSON_CHANGES: readonly Change[] = [
  ['as JSON without spaces', (text) => rewriteJson(text, (value) => JSON.stringify(value))],
  ['as JSON indented by two', (text) => rewriteJson(text, (value) => JSON.stringify(value, null, 2))],
  ['as JSON with a space after , and :', (text) => rewriteJson(text, writeSpaced)],
  ['as JSON in ASCII', (text) => rewriteJson(text, (value) => escapeUnicode(JSON.stringify(value)))],
  [
    'as JSON in ASCII with a space after , and :',
    (text) => rewriteJson(text, (value) => escapeUnicode(writeSpaced(value))),
  ],
  [
    'as JSON with escaped slashes',
    (text) => rewriteJson(text, (value) => JSON.stringify(value).replaceAll('/', '\\/')),
  ],
  [
    'as JSON in ASCII with escaped slashes',
    (text) => rewriteJson(text, (value) => escapeUnicode(JSON.stringify(value)).replaceAll('/', '\\/')),
  ],
];

function rewriteJson(text: string, write: (value: unknown) => string): string | undefined {
  try {
    return write(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** As Python writes JSON: `{"a": 1, "b": [2, 3]}`. */
function writeSpaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(writeSpaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}: ${writeSpaced(member)}`,
  );
  return `{${members.join(', ')}}`;
}

function escapeUnicode(json: string): string {
  return json.replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function upperCaseEscape(escaped: string): string {
  return `\\u${escaped.slice(2).toUpperCase()}`;
}
