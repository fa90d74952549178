import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';

// The small zod says nothing of what is wrong until it is told in which language. Imported for that by what tells problems.
z.config(en());
