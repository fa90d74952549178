import { fileURLToPath } from 'node:url';
import { Annotations, Duration, Stack, Token } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  ApiMapping,
  DomainName,
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  type IStage,
  LogGroupLogDestination,
  SecurityPolicy,
  type ThrottleSettings,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { IngestEnvironment } from '../../lambdas/adapters/lambda.ts';
import { type Source, sourceSchema } from '../../lambdas/ingest/source.ts';
import { refuseUnfitSizes } from '../buffer/queue.ts';
import { createStageFunction } from '../bundle/stage-function.ts';
import { DELIVERY_TIMES } from '../deliver/times.ts';
import { secretNameOf } from '../mapping/schema.ts';
import {
  acknowledgeRule,
  createAccessLogGroup,
  createStackSecret,
  type DataProtection,
  grantReadSecret,
  grantSend,
  type StackSecret,
} from '../protection/data-protection.ts';

const HANDLER = fileURLToPath(new URL('../../lambdas/ingest/handler.ts', import.meta.url));

type IngestEndpointProps = {
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
    refuseUnfitSizes();

    this.signingSecrets = this.createSigningSecrets(props);

    // Without routes yet: the function has to know the API's address, and the routes lead to the function.
    this.api = new HttpApi(this, 'Api', { apiName: name, createDefaultStage: false });
    const stage = this.createStage(props);
    if (domain !== undefined)
      this.customDomain = new CustomDomain(this, 'Domain', { api: this.api, stage, domain });
    this.publicUrl = settings.publicUrl ?? (domain ? `https://${domain.name}` : this.api.apiEndpoint);
    this.function = this.createFunction(props);
    grantSend(buffer, this.function, protection);
    // A cold start opens its connection to SQS with this call, before the first webhook needs it.
    Grant.addToPrincipal({
      grantee: this.function,
      actions: ['sqs:GetQueueAttributes'],
      resourceArns: [buffer.queueArn],
    });
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
    return createStageFunction(this, 'Function', {
      handler: HANDLER,
      catalogue: { schema: sourceSchema, entries },
      description: 'Verifies webhooks and puts them on the buffer.',
      environment,
      timeout: Duration.seconds(DELIVERY_TIMES.ingest),
      protection,
      reservedConcurrency: settings.ingestConcurrency,
    });
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

  /** One stage, without a part in the URL. Its access log shows what never reached the function. */
  private createStage({ name, settings, protection }: IngestEndpointProps): IStage {
    const accessLogs = createAccessLogGroup(this, 'VendedAccessLogs', { name, ...protection });
    return new HttpStage(this.api, 'DefaultStage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: settings.throttle ?? THROTTLE,
      accessLogSettings: {
        destination: new LogGroupLogDestination(accessLogs),
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

/** A custom domain in front of the API. The API's own address stays open: vendors that know it go on reaching it. */
class CustomDomain extends Construct {
  /** What the name's CNAME record has to point at. */
  readonly target: string;

  constructor(
    scope: Construct,
    id: string,
    {
      api,
      stage,
      domain,
    }: { readonly api: HttpApi; readonly stage: IStage; readonly domain: DomainSettings },
  ) {
    super(scope, id);
    refuseOtherRegion(this, domain.certificateArn);
    const certificate = Certificate.fromCertificateArn(this, 'Certificate', domain.certificateArn);
    const domainName = new DomainName(this, 'Name', {
      domainName: domain.name,
      certificate,
      securityPolicy: SecurityPolicy.TLS_1_2,
    });
    new ApiMapping(this, 'Mapping', { api, stage, domainName });
    this.target = domainName.regionalDomainName;
  }
}

/**
 * Refuses a certificate of another region than the stack's: CloudFormation would, minutes later. Where the stack is of no
 * region, the CDK's CLI says to which it deploys; only the stack that it deploys is then in error, and no other of the app.
 */
function refuseOtherRegion(scope: Construct, certificateArn: string): void {
  if (Token.isUnresolved(certificateArn)) return;
  const [, , , of = ''] = certificateArn.split(':');
  const { region } = Stack.of(scope);
  const isKnown = !Token.isUnresolved(region);
  const here = isKnown ? region : (process.env.CDK_DEFAULT_REGION ?? of);
  if (here === of) return;
  const problem = `The domain's certificate is of ${of}, and the stack is deployed to ${here}. Make one in ACM in ${here}.`;
  if (isKnown) throw new Error(problem);
  Annotations.of(scope).addError(problem);
}

/** How the endpoint is reached, and by how many at a time. */
export type IngestSettings = {
  /**
   * What webhook URLs begin with, as senders know them; no slash at the end. Some vendors sign the URL.
   * @default the custom domain, or the API's own endpoint
   */
  readonly publicUrl?: string | undefined;
  /**
   * A name of your own for the webhook URLs, instead of `publicUrl`.
   * @default none
   */
  readonly domain?: DomainSettings | undefined;
  /**
   * Requests a second, and at once, that the API takes; the rest is answered 429, which a vendor counts as a failure.
   * @default 1000 a second, 2000 at once
   */
  readonly throttle?: ThrottleSettings | undefined;
  /**
   * Executions of ingest at a time that are kept for it, and that it may not go beyond. What comes beyond is answered 503.
   * @default none: it shares what the account has
   */
  readonly ingestConcurrency?: number | undefined;
};

/** A name of your own for the webhook URLs. */
type DomainSettings = {
  /** The host name, `hooks.example.com`. */
  readonly name: string;
  /** A certificate of ACM for it, in the region of the stack. */
  readonly certificateArn: string;
};

/**
 * By default an API may use up the 10,000 requests a second that all APIs of a region share, and its function all of the
 * account's 1,000 executions. A thousand a second, at some 50 ms each, take a twentieth of these, so that a flood of forged
 * requests does not hurt other functions. No vendor sends that many: deliver, at five a second, would need eight days for an
 * hour of it.
 */
const THROTTLE: ThrottleSettings = { rateLimit: 1_000, burstLimit: 2_000 };

/**
 * A line of the access log. It has no address, user agent or path, which may be personal. The request id leads to the
 * function's own line, which names the source; the error is API Gateway's, where it refused a request itself.
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
