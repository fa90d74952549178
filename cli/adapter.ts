#!/usr/bin/env node
import { explainOldNode } from '../lib/config/invocation.ts';
import { print } from '../lib/config/print.ts';

// An older Node.js may not even load the commands: it has to be told of before they are imported.
const old = explainOldNode();
if (old === undefined) await import('./program.ts');
else {
  print(old, process.stderr);
  process.exitCode = 2;
}
