import { fileURLToPath } from 'node:url';
import { Duration } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import * as z from 'zod';
import type { SearchEnvironment } from '../../lambdas/adapters/lambda.ts';
import { SEARCH_COUNTS } from '../../lambdas/search/search.ts';
import { createStageFunction } from '../bundle/stage-function.ts';
import type { Ledger } from '../deliver/ledger.ts';
import type { DeliverWorker } from '../deliver/worker.ts';
import { type DataProtection, grantReadSecret } from '../protection/data-protection.ts';

const HANDLER = fileURLToPath(new URL('../../lambdas/search/handler.ts', import.meta.url));

export type CustomerSearchProps = {
  /** The name of the adapter. */
  readonly name: string;
  /** The adapter whose secret has the key for hashes, and whose ledger knows customers by them. */
  readonly of: { readonly deliver: DeliverWorker; readonly ledger: Ledger };
  readonly protection: DataProtection;
};

/**
 * The function that turns an event key into its keyed hash, so that who looks for a customer needs no key
 * (docs/decisions/0039-find-her.md).
 */
export class CustomerSearch extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: CustomerSearchProps) {
    super(scope, id);
    const { name, of: adapter, protection } = props;
    const { ledger } = adapter;
    const { webexKeys } = adapter.deliver;
    const environment: SearchEnvironment = {
      STACK_NAME: name,
      WEBEX_KEYS_SECRET: webexKeys.name,
      LEDGER_TABLE: ledger.table.tableName,
    };
    this.function = createStageFunction(this, 'Function', {
      handler: HANDLER,
      catalogue: { schema: z.never(), entries: [] },
      description: 'Turns an event key into the hash by which the ledger knows a customer.',
      environment,
      timeout: Duration.seconds(10),
      protection,
    });
    grantReadSecret(webexKeys, this.function, protection);
    ledger.grantCount(this.function, SEARCH_COUNTS);
  }

  /** Lets somebody ask for the hash of an event key. */
  grantInvoke(grantee: IGrantable): Grant {
    // CDK's own grant allows every version and alias, too: there is none.
    const { functionArn } = this.function;
    return Grant.addToPrincipal({
      grantee,
      actions: ['lambda:InvokeFunction'],
      resourceArns: [functionArn],
    });
  }
}
