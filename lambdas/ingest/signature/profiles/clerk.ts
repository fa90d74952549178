import type { ProfileOptions } from '../../source.ts';
import { svix } from './svix.ts';

/**
 * Clerk: sent by Svix.
 * Source: https://clerk.com/docs/guides/development/webhooks/overview, @clerk/backend webhooks.ts.
 */
export const clerk = svix satisfies ProfileOptions;
