type Invoice = Readonly<Record<string, string | number | null>>;

/** Twelve parameters of a Stripe invoice, as a program for this one event would read them. */
export function mapByHand(body: string): { readonly key: string; readonly payload: string } {
  const invoice: Invoice = JSON.parse(body).data.object;
  const key = String(invoice.customer);
  const payload = JSON.stringify({
    'event-id': 'evt_bench_plain',
    'event-key': key,
    'event-params': {
      invoice: String(invoice.number),
      invoice_id: String(invoice.id),
      status: String(invoice.status),
      currency: String(invoice.currency),
      country: String(invoice.account_country),
      account: String(invoice.account_name),
      email: String(invoice.customer_email),
      amount: String(invoice.amount_due),
      attempt: String(invoice.attempt_count),
      created: String(invoice.created),
      pay_url: String(invoice.hosted_invoice_url),
      channel: 'stripe',
    },
  });
  return { key, payload };
}
