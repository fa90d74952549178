import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { docsPage } from '../lib/config/terminal.ts';

/** Where calls of AWS go: the account of the credentials in use, and the region. */
export type AwsPlace = { readonly account: string | undefined; readonly region: string | undefined };

/** The stack that a command is about, and where it was looked for. */
type Sought = { readonly stack: string | undefined; readonly place: AwsPlace };

/** One reason for which AWS refuses a call: how its errors are known, and what a person is told. */
type Reason = {
  readonly isMeant: (error: Error) => boolean;
  readonly format: (error: Error, sought: Sought) => string;
};

const SIGN_IN = 'Sign in ("aws sso login", "aws configure"), or name a profile with AWS_PROFILE.';

const named =
  (...names: readonly string[]) =>
  ({ name }: Error) =>
    names.includes(name);

/**
 * In this order: the first reason that is meant is told. The names are those of the SDK's own errors and of the services' API
 * references (Common Errors); SQS has two for one.
 */
const REASONS: readonly Reason[] = [
  {
    isMeant: ({ message }) => message.includes('Region is missing'),
    format: () =>
      'No AWS region is set. Set AWS_REGION, as in AWS_REGION=eu-west-1, or a region in your profile.',
  },
  {
    isMeant: named('CredentialsProviderError', 'TokenProviderError'),
    format: ({ message }) => `There are no AWS credentials (${message}). ${SIGN_IN}`,
  },
  {
    isMeant: named('ExpiredToken', 'ExpiredTokenException', 'RequestExpired'),
    format: () => `The AWS credentials have expired. ${SIGN_IN}`,
  },
  {
    isMeant: named(
      ...['InvalidClientTokenId', 'UnrecognizedClientException', 'InvalidAccessKeyId', 'InvalidSecurity'],
      ...['InvalidSignatureException', 'SignatureDoesNotMatch', 'IncompleteSignature'],
    ),
    format: ({ message }) => `AWS does not take these credentials (${message}). ${SIGN_IN}`,
  },
  {
    isMeant: ({ name, message }) =>
      /^(AccessDenied|NotAuthorized|KMSAccessDenied)|^AuthorizationError/.test(name) ||
      / is not authorized to perform: /.test(message),
    format: ({ message }, sought) =>
      `You lack a permission${formatPlace(sought.place)}: ${formatDenied(message)}. The section "Permissions" of ${docsPage('operations.md')} lists what each command needs.`,
  },
  {
    isMeant: ({ name, message }) =>
      /^(QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue|ResourceNotFoundException|TableNotFoundException)$/.test(
        name,
      ) ||
      (name === 'ValidationError' && message.includes('does not exist')),
    format: ({ name, message }, sought) =>
      `${formatMissing(name, message, sought.stack)}${formatPlace(sought.place)}. Check --stack, AWS_PROFILE and AWS_REGION.`,
  },
  {
    isMeant: named(
      'ThrottlingException',
      'Throttling',
      'RequestThrottled',
      'TooManyRequestsException',
      'ProvisionedThroughputExceededException',
      'LimitExceededException',
    ),
    format: ({ message }, sought) =>
      `AWS limits the rate of calls${formatPlace(sought.place)} (${message}). Try again in a minute.`,
  },
  {
    isMeant: (error) =>
      /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT)$/.test(codeOf(error)) ||
      error.name === 'TimeoutError',
    format: (error, sought) =>
      `AWS cannot be reached${formatPlace(sought.place)} (${causeOf(error)}). Check the network, and whether AWS_REGION is a region.`,
  },
];

/**
 * An error of AWS in words, with the account and the region in which it happened; `undefined` for any other error.
 * @param readPlace asks AWS where the calls went, only if that is told
 */
export async function explainAwsError(
  error: unknown,
  stack: string | undefined,
  readPlace: () => Promise<AwsPlace> = readAwsPlace,
): Promise<string | undefined> {
  if (!(error instanceof Error)) return undefined;
  const reason = REASONS.find(({ isMeant }) => isMeant(error));
  if (reason === undefined && !('$metadata' in error)) return undefined;
  const place = await readPlace();
  if (reason === undefined)
    return `AWS answered with an error${formatPlace(place)}: ${error.name}: ${error.message}`;
  return reason.format(error, { stack, place });
}

/** AWS names what is denied, and to whom: `User: arn:… is not authorized to perform: sqs:GetQueueUrl on resource: arn:…`. */
function formatDenied(message: string): string {
  const { who, action, resource } =
    /User: (?<who>\S+) is not authorized to perform: (?<action>\S+)(?: on resource: (?<resource>\S+))?/.exec(
      message,
    )?.groups ?? {};
  if (action === undefined) return message;
  const on = resource === undefined ? '' : ` on ${resource.replace(/[.,]$/, '')}`;
  return `${action}${on} is not allowed for ${who}`;
}

function formatMissing(name: string, message: string, stack = ''): string {
  const what = /queue/i.test(name)
    ? 'queue'
    : name === 'ValidationError'
      ? 'stack'
      : 'table, secret, function or log group';
  const said = name === 'ValidationError' ? '' : ` (${message})`;
  return what === 'stack'
    ? `There is no stack "${stack}"`
    : `The stack "${stack}" has no such ${what}${said}, or there is no such stack`;
}

function formatPlace({ account, region }: AwsPlace): string {
  const parts = [account && `account ${account}`, region && `region ${region}`].filter(Boolean);
  return parts.length === 0 ? '' : ` in ${parts.join(', ')}`;
}

function codeOf(error: Error): string {
  const { code, cause } = error as NodeJS.ErrnoException;
  if (typeof code === 'string') return code;
  return cause instanceof Error ? codeOf(cause) : '';
}

function causeOf(error: Error): string {
  return codeOf(error) || error.message || error.name;
}

/** Long enough for a call of STS, and short enough to wait for before an error is told. */
const PLACE_MILLISECONDS = 3_000;

/** The account by STS, which asks for no permission, and the region as the SDK finds it. */
async function readAwsPlace(): Promise<AwsPlace> {
  const client = new STSClient({ maxAttempts: 1 });
  const region = await Promise.resolve(client.config.region()).catch(() => undefined);
  const abortSignal = AbortSignal.timeout(PLACE_MILLISECONDS);
  const identity = await client
    .send(new GetCallerIdentityCommand({}), { abortSignal })
    .catch(() => undefined);
  return { account: identity?.Account, region };
}
