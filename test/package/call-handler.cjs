// Loads a Lambda function's bundle, as Lambda does, and prints what it answers: node call-handler.cjs FOLDER EVENT
const [folder, event] = process.argv.slice(2);
const { handler } = require(`${folder}/index.js`);

handler(JSON.parse(event), { getRemainingTimeInMillis: () => 30_000 }).then((answer) => {
  process.stdout.write(`\n${JSON.stringify(answer)}`);
});
