import { writeFileSync } from 'node:fs';
import { vendorPage } from './vendor-page.ts';

// Writes docs/vendors.md; a test checks that it is current.
writeFileSync(new URL('../docs/vendors.md', import.meta.url), `${vendorPage()}\n`);
