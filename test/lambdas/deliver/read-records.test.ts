import { describe, expect, test } from '@jest/globals';
import { readRecords } from '../../../lambdas/deliver/batch.ts';

const RECORD = {
  messageId: 'message-1',
  receiptHandle: 'handle-1',
  body: '{}',
  attributes: {
    ApproximateReceiveCount: '3',
    SentTimestamp: '1732449600000',
    ApproximateFirstReceiveTimestamp: '1732449600001',
  },
  messageAttributes: {
    source: { stringValue: 'stripe', dataType: 'String' },
    seal: { binaryValue: 'AAAA', dataType: 'Binary' },
  },
  eventSource: 'aws:sqs',
};

function changed(attributes: object) {
  return { Records: [{ ...RECORD, attributes: { ...RECORD.attributes, ...attributes } }] };
}

describe('an event of SQS', () => {
  test('is read as messages with what SQS knows of them; what is no text is none of our attributes', () => {
    expect(readRecords({ Records: [RECORD] })).toEqual([
      {
        messageId: 'message-1',
        receiptHandle: 'handle-1',
        message: { body: '{}', attributes: { source: 'stripe' } },
        receives: 3,
        bufferedAt: new Date(1_732_449_600_000),
      },
    ]);
  });

  test('keeps the order of its records', () => {
    const second = { ...RECORD, messageId: 'message-2' };

    expect(readRecords({ Records: [second, RECORD] }).map(({ messageId }) => messageId)).toEqual([
      'message-2',
      'message-1',
    ]);
  });

  test.each([
    ['without records', {}],
    ['with a receive count of none', changed({ ApproximateReceiveCount: '0' })],
    ['with half a receive', changed({ ApproximateReceiveCount: '1.5' })],
    ['without the time it was sent', changed({ SentTimestamp: undefined })],
    ['with half a millisecond', changed({ SentTimestamp: '0.5' })],
    ['without a body', { Records: [{ ...RECORD, body: undefined }] }],
  ])('%s is a bug of somebody’s, and thrown', (_, event) => {
    expect(() => readRecords(event)).toThrow();
  });
});
