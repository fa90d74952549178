import { fileURLToPath } from 'node:url';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { IngestEnvironment } from '../../lambdas/adapters/environment.ts';
import type { Source } from '../../lambdas/ingest/source.ts';
import { createEmptySecret } from '../empty-secret.ts';
import { withFunctionBundle } from '../function-bundle.ts';
import { acknowledgeRule } from '../nag-reasons.ts';
import { createStageFunction, INGEST_TIMEOUT, LOG_RETENTION } from '../stage-function.ts';

const HANDLER = fileURLToPath(new URL('../../lambdas/ingest/handler.ts', import.meta.url));

export type IngestEndpointProps = {
  /** The name of the API, and of the stack in the metrics. */
  readonly name: string;
  /** What may send webhooks, and how each is verified. */
  readonly sources: readonly Source[];
  /** Where verified webhooks are put. */
  readonly buffer: IQueue;
  /**
   * What webhook URLs begin with, as senders know them; no slash at the end. Some vendors sign the URL.
   * @default the API's own endpoint
   */
  readonly publicUrl?: string | undefined;
};

/**
 * A line of the access log. No address, no user agent, no path: what strangers try there is theirs. The request id leads
 * to the function's own line, which names the source; the error is API Gateway's, where it refused a request itself.
 */
const ACCESS_LOG = {
  requestId: '$context.requestId',
  requestTime: '$context.requestTime',
  routeKey: '$context.routeKey',
  status: '$context.status',
  responseLength: '$context.responseLength',
  responseLatency: '$context.responseLatency',
  integrationStatus: '$context.integration.status',
  error: '$context.error.message',
  integrationError: '$context.integrationErrorMessage',
};

/** Stage 1, ingest: an HTTP API and the function that verifies what is posted to `/webhooks/{source}`. */
export class IngestEndpoint extends Construct {
  readonly api: HttpApi;
  readonly function: LambdaFunction;
  /** Signing secrets by their name; created empty. */
  readonly signingSecrets: ReadonlyMap<string, ISecret>;

  constructor(scope: Construct, id: string, { name, sources, buffer, publicUrl }: IngestEndpointProps) {
    super(scope, id);

    this.signingSecrets = this.createSigningSecrets(sources);

    // Without routes yet: the function has to know the API's address, and the routes lead to the function.
    this.api = new HttpApi(this, 'Api', { apiName: name, createDefaultStage: false });
    this.createStage();
    const environment: IngestEnvironment = {
      STACK_NAME: name,
      BUFFER_QUEUE_URL: buffer.queueUrl,
      PUBLIC_URL: publicUrl ?? this.api.apiEndpoint,
    };
    this.function = withFunctionBundle(HANDLER, sources, (code) =>
      createStageFunction(this, 'Function', {
        code,
        description: 'Verifies webhooks and puts them on the buffer.',
        environment,
        timeout: INGEST_TIMEOUT,
      }),
    );
    buffer.grantSendMessages(this.function);
    for (const secret of this.signingSecrets.values()) secret.grantRead(this.function);

    const integration = new HttpLambdaIntegration('Ingest', this.function);
    // The default route lets a wrong path or method be answered in the same form as everything else.
    const routes = [
      ...this.api.addRoutes({ path: '/webhooks/{source}', methods: [HttpMethod.POST], integration }),
      new HttpRoute(this, 'DefaultRoute', { httpApi: this.api, routeKey: HttpRouteKey.DEFAULT, integration }),
    ];
    for (const route of routes) acknowledgeRule(route, 'signedBySender');
  }

  /** One stage, without a part in the URL, whose access log tells what never reached the function. */
  private createStage(): void {
    const accessLogs = new LogGroup(this, 'AccessLogs', { retention: LOG_RETENTION });
    new HttpStage(this.api, 'DefaultStage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      accessLogSettings: {
        destination: new LogGroupLogDestination(accessLogs),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
  }

  private createSigningSecrets(sources: readonly Source[]): ReadonlyMap<string, ISecret> {
    const names = new Set(sources.map(({ secret }) => secret));
    return new Map(
      [...names].map((name) => {
        const description = 'Signing secrets, newest first: {"signingSecrets": ["newest", "older"]}';
        return [name, createEmptySecret(this, `SigningSecret-${name}`, name, description)];
      }),
    );
  }
}
