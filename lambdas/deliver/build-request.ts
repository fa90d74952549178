/** One call of the event API, ready to be sent. */
export type EventRequest = {
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** Builds the call as the contract has it (webex-event-api.md, "Request"). `key` is an API secret key. */
export function buildRequest(payload: string, key: string): EventRequest {
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      authorization: `Bearer ${key}`,
    },
    body: payload,
  };
}
