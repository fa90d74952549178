/** In the repository these commands are TypeScript; in the package they are not, and there is no local run. */
export const IN_REPOSITORY = import.meta.url.endsWith('.ts');

/** How a person gives these commands. */
export const INVOCATION = IN_REPOSITORY ? 'npm run -s adapter --' : 'npx webhook-adapter';

/** What they are called in their own help, and what they are about. */
export const PROGRAM = IN_REPOSITORY
  ? {
      name: 'adapter',
      description:
        'Looks after a webhook adapter: the one that "npm start" runs, or a stack on AWS (--stack).',
    }
  : { name: 'webhook-adapter', description: 'Looks after a webhook adapter: a stack on AWS (--stack).' };

/** What to do where no local run answers. */
export const NAME_STACK = IN_REPOSITORY
  ? 'Start it with "npm start", or name a stack with --stack.'
  : 'Name a stack with --stack.';

/** `JSON.rawJSON` and the source text of numbers came together (Node.js 21), and with them every digit of a long id. */
const KEEPS_DIGITS = typeof JSON.rawJSON === 'function';

/** What is to be said to a Node.js that would read long ids otherwise than the deployed functions do. */
export function explainOldNode(): string | undefined {
  return KEEPS_DIGITS ? undefined : `Node.js 22 or newer is needed; this is ${process.versions.node}.`;
}

/** Throws where previews and checks would differ from what is deployed. */
export function refuseOldNode(): void {
  const old = explainOldNode();
  if (old !== undefined) throw new Error(old);
}
