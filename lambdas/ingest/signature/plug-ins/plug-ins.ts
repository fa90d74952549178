import type { SignatureScheme } from '../scheme.ts';
import { adyenStandard } from './adyen-standard.ts';
import { mailgun } from './mailgun.ts';
import { mandrill } from './mandrill.ts';
import type { PlugIn } from './plug-in.ts';
import { twilio } from './twilio.ts';

type PlugInName = Extract<SignatureScheme, { kind: 'custom' }>['plugIn'];

/** What options cannot say, by the name a scheme of kind `custom` gives. */
const PLUG_INS: Readonly<Record<PlugInName, PlugIn>> = {
  twilio,
  mandrill,
  'adyen-standard': adyenStandard,
  mailgun,
};

/** The plug-in of that name. Most functions have no source that needs one, and load none (`lib/bundle/bundle-function.ts`). */
export function plugInOf(name: PlugInName): PlugIn {
  return PLUG_INS[name];
}
