import { writeFileSync } from 'node:fs';
import { mappingJsonSchema } from '../lib/mapping/json-schema.ts';

// Writes what editors read beside every mapping file; a test holds it to be current.
const file = new URL('../mappings/mapping.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(mappingJsonSchema(), null, 2)}\n`);
