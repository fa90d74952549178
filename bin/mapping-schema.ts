import { writeFileSync } from 'node:fs';
import { mappingJsonSchema } from '../lib/mapping/schema.ts';

// Writes the JSON schema that editors check mapping files with; a test checks that it is current.
const file = new URL('../mappings/mapping.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(mappingJsonSchema(), null, 2)}\n`);
