import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';

// The small zod has no messages until a language is set. Import this file where a problem's message is used.
z.config(en());
