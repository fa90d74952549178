import type { SignatureScheme } from '../scheme.ts';
import type { PlugIn } from '../verification.ts';
import { adyenStandard } from './adyen-standard.ts';
import { mailgun } from './mailgun.ts';
import { mandrill } from './mandrill.ts';
import { paypal } from './paypal.ts';
import { twilio } from './twilio.ts';

type PlugInName = Extract<SignatureScheme, { kind: 'custom' }>['plugIn'];

/** The plug-ins, by the name that a scheme of kind `custom` gives. */
const PLUG_INS: Readonly<Record<PlugInName, PlugIn>> = {
  twilio,
  mandrill,
  'adyen-standard': adyenStandard,
  mailgun,
  paypal,
};

/** The plug-in of that name. A function loads this file only when a source needs one (`lib/bundle/bundle-function.ts`). */
export function plugInOf(name: PlugInName): PlugIn {
  return PLUG_INS[name];
}
