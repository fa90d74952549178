import { writeFileSync } from 'node:fs';
import { countRequests } from './count-requests.ts';

// Counts anew what webhooks ask of AWS, for `adapter cost`; a test holds the file to be true.
const file = new URL('../../cli/cost/counted-requests.json', import.meta.url);
const counted = { at: new Date().toISOString().slice(0, 10), ...(await countRequests()) };
writeFileSync(file, `${JSON.stringify(counted, null, 2)}\n`);
