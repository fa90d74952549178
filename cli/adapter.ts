#!/usr/bin/env node
import { explainOldNode, print } from '../lib/config/terminal.ts';

// An older Node.js may not even load the commands: it has to be told of before they are imported.
const old = explainOldNode();
if (old === undefined) await import('./register-commands.ts');
else {
  print(old, process.stderr);
  process.exitCode = 2;
}
