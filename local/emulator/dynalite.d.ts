declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** A DynamoDB in memory; `createTableMs` is how long a new table is not ready yet. */
  function createDynalite(options: { readonly createTableMs: number }): Server;
  export = createDynalite;
}
