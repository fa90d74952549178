import { type Profile, type ProfileOptions, profileSchema } from '../../source.ts';
import { adyenPlatform } from './adyen-platform.ts';
import { adyenStandard } from './adyen-standard.ts';
import { aftership } from './aftership.ts';
import { auth0 } from './auth0.ts';
import { bigcommerce } from './bigcommerce.ts';
import { calCom } from './cal-com.ts';
import { calendly } from './calendly.ts';
import { chargebee } from './chargebee.ts';
import { checkoutCom } from './checkout-com.ts';
import { clerk } from './clerk.ts';
import { docusign } from './docusign.ts';
import { easypost } from './easypost.ts';
import { github } from './github.ts';
import { githubSha1 } from './github-sha1.ts';
import { githubSha512 } from './github-sha512.ts';
import { gitlab } from './gitlab.ts';
import { gocardless } from './gocardless.ts';
import { hubspotV1 } from './hubspot-v1.ts';
import { hubspotV3 } from './hubspot-v3.ts';
import { intercom } from './intercom.ts';
import { klaviyo } from './klaviyo.ts';
import { lemonSqueezy } from './lemon-squeezy.ts';
import { line } from './line.ts';
import { mailchimp } from './mailchimp.ts';
import { mailgun } from './mailgun.ts';
import { mandrill } from './mandrill.ts';
import { meta } from './meta.ts';
import { mollie } from './mollie.ts';
import { onfleet } from './onfleet.ts';
import { paddle } from './paddle.ts';
import { paypal } from './paypal.ts';
import { paystack } from './paystack.ts';
import { quickbooks } from './quickbooks.ts';
import { razorpay } from './razorpay.ts';
import { recurly } from './recurly.ts';
import { segment } from './segment.ts';
import { sendgrid } from './sendgrid.ts';
import { shippo } from './shippo.ts';
import { shopify } from './shopify.ts';
import { slack } from './slack.ts';
import { square } from './square.ts';
import { squarespace } from './squarespace.ts';
import { standardWebhooks } from './standard-webhooks.ts';
import { standardWebhooksEd25519 } from './standard-webhooks-ed25519.ts';
import { stripe } from './stripe.ts';
import { svix } from './svix.ts';
import { twilio } from './twilio.ts';
import { typeform } from './typeform.ts';
import { wise } from './wise.ts';
import { woocommerce } from './woocommerce.ts';
import { workos } from './workos.ts';
import { xero } from './xero.ts';
import { zendesk } from './zendesk.ts';
import { zoom } from './zoom.ts';

/** The kinds of SaaS that are known, by the name that a mapping file gives under `verify`. */
const PROFILES = {
  'adyen-platform': adyenPlatform,
  'adyen-standard': adyenStandard,
  aftership,
  auth0,
  bigcommerce,
  'cal-com': calCom,
  calendly,
  chargebee,
  'checkout-com': checkoutCom,
  clerk,
  docusign,
  easypost,
  github,
  'github-sha1': githubSha1,
  'github-sha512': githubSha512,
  gitlab,
  gocardless,
  'hubspot-v1': hubspotV1,
  'hubspot-v3': hubspotV3,
  intercom,
  klaviyo,
  'lemon-squeezy': lemonSqueezy,
  line,
  mailchimp,
  mailgun,
  mandrill,
  meta,
  mollie,
  onfleet,
  paddle,
  paypal,
  paystack,
  quickbooks,
  razorpay,
  recurly,
  segment,
  sendgrid,
  shippo,
  shopify,
  slack,
  square,
  squarespace,
  'standard-webhooks': standardWebhooks,
  'standard-webhooks-ed25519': standardWebhooksEd25519,
  stripe,
  svix,
  twilio,
  typeform,
  wise,
  woocommerce,
  workos,
  xero,
  zendesk,
  zoom,
} as const satisfies Readonly<Record<string, ProfileOptions>>;

export const PROFILE_NAMES = Object.keys(PROFILES);

/** The profile of this name, with every default filled in. */
export function findProfile(name: string): Profile | undefined {
  return Object.hasOwn(PROFILES, name)
    ? profileSchema.parse(PROFILES[name as keyof typeof PROFILES])
    : undefined;
}

/** A profile's options as they are written, for a mapping file that changes some of them. */
export function findOptions(name: string): ProfileOptions | undefined {
  return Object.hasOwn(PROFILES, name) ? PROFILES[name as keyof typeof PROFILES] : undefined;
}
