import { writeFileSync } from 'node:fs';
import { contractJsonSchema } from '../lib/mapping/contract.ts';
import { mappingJsonSchema } from '../lib/mapping/schema.ts';

// Writes the JSON schemas that editors check mapping files and the contract file with; a test checks that they are current.
write('../mappings/mapping.schema.json', mappingJsonSchema());
write('../webex-events.schema.json', contractJsonSchema());

function write(file: string, schema: object): void {
  writeFileSync(new URL(file, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`);
}
