// Loads a function as Lambda's Node.js runtime does, and invokes it.
// Source: github.com/aws/aws-lambda-nodejs-runtime-interface-client 3.3.0. The client is an ES module that makes itself a
// `require` (src/build.js), and has loaded these of Node's modules and made an agent before it loads the function
// (src/RAPIDClient.js, InvokeContext.js); for the order of the extensions, src/UserFunction.js.
//
//   node boot.mjs cold DIRECTORY EVENT_FILE     one event; the figures are written to file descriptor 3
//   node boot.mjs warm DIRECTORY EVENT_FILE     so many events as each message of the parent says
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
require('node:util');
require('node:assert');
const { writeSync, readFileSync, existsSync } = require('node:fs');
const { join } = require('node:path');
const http = require('node:http');

new http.Agent({ keepAlive: true, maxSockets: 1 });

const [mode, directory, eventFile] = process.argv.slice(2);
const context = { getRemainingTimeInMillis: () => 30_000, awsRequestId: '1', functionName: 'bench' };

async function load() {
  const path = join(directory, 'index');
  if (existsSync(`${path}.js`)) return require(`${path}.js`);
  return import(`${path}.mjs`);
}

function assertSucceeded(answer) {
  const isTaken = answer?.statusCode === 200 || answer?.batchItemFailures?.length === 0;
  if (!isTaken) throw new Error(`The function answered ${JSON.stringify(answer)}.`);
}

async function runCold(event) {
  const { handler } = await load();
  const loaded = performance.now();
  // What throttles the process, as Lambda does once INIT is over, waits for this.
  if (process.env.BENCH_PAUSE) {
    process.send('loaded');
    await new Promise((resolve) => process.once('message', resolve));
  }
  const invoked = performance.now();
  assertSucceeded(await handler(event, context));
  const answered = performance.now();
  const { user, system } = process.cpuUsage();
  const { timeOrigin } = performance;
  const answeredAt = timeOrigin + answered;
  const figures = { loaded, first: answered - invoked, answeredAt, cpu: (user + system) / 1000 };
  writeSync(3, JSON.stringify(figures));
  process.exit(0);
}

/**
 * The most memory that this process has held. `maxRSS` is no measure of it: Linux has a child begin with its parent's. Where
 * the system does not keep the peak, what is held now.
 */
function peakMegabytes() {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? process.memoryUsage.rss() / 2 ** 20 : Number(kilobytes) / 1024;
}

async function runWarm(event) {
  const { handler } = await load();
  process.on('message', async (events) => {
    const before = process.cpuUsage();
    const start = performance.now();
    for (let count = 0; count < events; count += 1)
      assertSucceeded(await handler(structuredClone(event), context));
    const { user, system } = process.cpuUsage(before);
    const wall = ((performance.now() - start) * 1000) / events;
    process.send({ cpu: (user + system) / events, wall, peak: peakMegabytes() });
  });
  process.on('disconnect', () => process.exit(0));
  process.send('ready');
}

const event = JSON.parse(readFileSync(eventFile, 'utf8'));
if (mode === 'cold') runCold(event);
else runWarm(event);
