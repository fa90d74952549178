import { Buffer } from 'node:buffer';

/** The parameters of a form-encoded body, values of one name together in the order they came. */
export function readForm(rawBody: Uint8Array): ReadonlyMap<string, readonly string[]> {
  const form = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(Buffer.from(rawBody).toString('utf8'))) {
    const values = form.get(name);
    if (values === undefined) form.set(name, [value]);
    else values.push(value);
  }
  return form;
}

/** Names in order, each followed by its values: what Twilio and Mandrill sign after the URL. */
export function writeSorted(form: ReadonlyMap<string, readonly string[]>): string {
  return [...form.keys()]
    .sort()
    .map((name) => (form.get(name) ?? []).map((value) => `${name}${value}`).join(''))
    .join('');
}
