import {
  ApiMapping,
  DomainName,
  type HttpApi,
  type IStage,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { Construct } from 'constructs';

/** A name of your own for the webhook URLs. */
export type DomainSettings = {
  /** The host name, `hooks.example.com`. */
  readonly name: string;
  /** A certificate of ACM for it, in the region of the stack. */
  readonly certificateArn: string;
};

export type CustomDomainProps = {
  readonly api: HttpApi;
  readonly stage: IStage;
  readonly domain: DomainSettings;
};

/** A custom domain in front of the API. The API's own address stays open: vendors that know it go on reaching it. */
export class CustomDomain extends Construct {
  /** What the name's CNAME record has to point at. */
  readonly target: string;

  constructor(scope: Construct, id: string, { api, stage, domain }: CustomDomainProps) {
    super(scope, id);
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
