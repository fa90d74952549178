// Loads a function's bundle as Lambda does and hands it events, each a line of JSON on stdin; writes the answers to file
// descriptor 3, the first line being that the function is ready: node call-bundle.cjs FOLDER
//
// With AWS_PORT, hosts of AWS are this machine at that port: the function finds its endpoints as it does on AWS.
const https = require('node:https');
const { createInterface } = require('node:readline');
const { writeSync } = require('node:fs');

const { AWS_PORT } = process.env;
if (AWS_PORT !== undefined) {
  const connect = https.Agent.prototype.createConnection;
  https.Agent.prototype.createConnection = function createConnection(options, ...rest) {
    const local = { ...options, host: '127.0.0.1', port: AWS_PORT, rejectUnauthorized: false };
    return connect.call(this, local, ...rest);
  };
}

import(`${process.argv[2]}/index.mjs`).then(async ({ handler }) => {
  writeSync(3, '"ready"\n');
  for await (const line of createInterface({ input: process.stdin })) {
    const answer = await handler(JSON.parse(line), { getRemainingTimeInMillis: () => 30_000 });
    writeSync(3, `${JSON.stringify(answer)}\n`);
  }
});
