// Loads a function's bundle and calls it, as Lambda does: node call-handler.cjs FOLDER EVENT ENVIRONMENT (both JSON).
// Prints the answer, on a line of its own: the function logs to stdout as well.
const [folder, event, environment] = process.argv.slice(2);
Object.assign(process.env, JSON.parse(environment));

import(`${folder}/index.mjs`)
  .then(({ handler }) => handler(JSON.parse(event), { getRemainingTimeInMillis: () => 30_000 }))
  .then((answer) => process.stdout.write(`\n${JSON.stringify(answer)}`));
