import { fileURLToPath } from 'node:url';
import { Duration } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  type IStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { IngestEnvironment } from '../../lambdas/adapters/ingest-environment.ts';
import { type Source, sourceSchema } from '../../lambdas/ingest/source.ts';
import { findUnfitSizes, MESSAGE_SIZES } from '../buffer/message-sizes.ts';
import { withFunctionBundle } from '../bundle/function-bundle.ts';
import { createLogGroup, type DataProtection, grantSend } from '../data-protection.ts';
import { DELIVERY_TIMES } from '../deliver/delivery-times.ts';
import { acknowledgeRule } from '../nag-reasons.ts';
import { refuseUnfit } from '../refuse-unfit.ts';
import { secretNameOf } from '../secret-name.ts';
import { createStackSecret, grantReadSecret, type StackSecret } from '../stack-secret.ts';
import { createStageFunction } from '../stage-function.ts';
import { ACCESS_LOG } from './access-log.ts';
import { CustomDomain } from './custom-domain.ts';
import { type IngestSettings, THROTTLE } from './ingest-settings.ts';

const HANDLER = fileURLToPath(new URL('../../lambdas/ingest/handler.ts', import.meta.url));

export type IngestEndpointProps = {
  /** Begins the names of the API and the secrets; the stack's name in the metrics. */
  readonly name: string;
  /** What may send webhooks, and how each is verified. */
  readonly sources: readonly Source[];
  /** Where verified webhooks are put. */
  readonly buffer: IQueue;
  readonly settings: IngestSettings;
  readonly protection: DataProtection;
};

/** Stage 1, ingest: an HTTP API and the function that verifies what is posted to `/webhooks/{source}`. */
export class IngestEndpoint extends Construct {
  readonly api: HttpApi;
  readonly function: LambdaFunction;
  /** Signing secrets by the name that mapping files have for them; created empty. */
  readonly signingSecrets: ReadonlyMap<string, StackSecret>;
  /** What webhook URLs begin with. */
  readonly publicUrl: string;
  /** Present where there is a custom domain. */
  readonly customDomain?: CustomDomain;

  constructor(scope: Construct, id: string, props: IngestEndpointProps) {
    super(scope, id);
    const { name, buffer, settings, protection } = props;
    const { domain } = settings;
    refuseUnfit('The sizes of webhooks', findUnfitSizes(MESSAGE_SIZES));

    this.signingSecrets = this.createSigningSecrets(props);

    // Without routes yet: the function has to know the API's address, and the routes lead to the function.
    this.api = new HttpApi(this, 'Api', { apiName: name, createDefaultStage: false });
    const stage = this.createStage(props);
    if (domain !== undefined)
      this.customDomain = new CustomDomain(this, 'Domain', { api: this.api, stage, domain });
    this.publicUrl = settings.publicUrl ?? (domain ? `https://${domain.name}` : this.api.apiEndpoint);
    this.function = this.createFunction(props);
    grantSend(buffer, this.function, protection);
    for (const secret of this.signingSecrets.values()) grantReadSecret(secret, this.function, protection);
    this.addRoutes();
  }

  private createFunction({
    name,
    sources,
    buffer,
    settings,
    protection,
  }: IngestEndpointProps): LambdaFunction {
    const environment: IngestEnvironment = {
      STACK_NAME: name,
      BUFFER_QUEUE_URL: buffer.queueUrl,
      PUBLIC_URL: this.publicUrl,
    };
    const entries = sources.map((source) => ({ ...source, secret: secretNameOf(name, source.secret) }));
    return withFunctionBundle(HANDLER, { schema: sourceSchema, entries }, (code) =>
      createStageFunction(this, 'Function', {
        code,
        description: 'Verifies webhooks and puts them on the buffer.',
        environment,
        timeout: Duration.seconds(DELIVERY_TIMES.ingest),
        protection,
        reservedConcurrency: settings.ingestConcurrency,
      }),
    );
  }

  private addRoutes(): void {
    const integration = new HttpLambdaIntegration('Ingest', this.function);
    // The default route lets a wrong path or method be answered in the same form as everything else.
    const routes = [
      ...this.api.addRoutes({ path: '/webhooks/{source}', methods: [HttpMethod.POST], integration }),
      new HttpRoute(this, 'DefaultRoute', { httpApi: this.api, routeKey: HttpRouteKey.DEFAULT, integration }),
    ];
    for (const route of routes) acknowledgeRule(route, 'signedBySender');
  }

  /** One stage, without a part in the URL, whose access log tells what never reached the function. */
  private createStage({ settings, protection }: IngestEndpointProps): IStage {
    return new HttpStage(this.api, 'DefaultStage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: settings.throttle ?? THROTTLE,
      accessLogSettings: {
        destination: new LogGroupLogDestination(createLogGroup(this, 'AccessLogs', protection)),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
  }

  private createSigningSecrets({
    name,
    sources,
    protection,
  }: IngestEndpointProps): ReadonlyMap<string, StackSecret> {
    const secrets = new Set(sources.map(({ secret }) => secret));
    return new Map(
      [...secrets].map((secret) => {
        const settings = {
          name: secretNameOf(name, secret),
          description: 'Signing secrets, newest first: {"signingSecrets": ["newest", "older"]}',
          unrotated: 'madeElsewhere',
        } as const;
        return [secret, createStackSecret(this, `SigningSecret-${secret}`, settings, protection)];
      }),
    );
  }
}
