import tls from 'node:tls';
import { afterAll, beforeAll } from '@jest/globals';
import { type Certificate, createCertificate } from '../../../bench/stub/self-signed-certificate.ts';

/** Makes a certificate that is trusted while the tests of the calling file run. */
export function trustCertificate(): Certificate {
  const certificate = createCertificate();
  const authorities = tls.getCACertificates('default');
  beforeAll(() => tls.setDefaultCACertificates([...authorities, certificate.cert]));
  afterAll(() => tls.setDefaultCACertificates(authorities));
  return certificate;
}
