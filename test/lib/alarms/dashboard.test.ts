import { describe, expect, test } from '@jest/globals';
import { synthesizeAlarms } from './alarm-template.ts';

const template = synthesizeAlarms();
const [board] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
const body: string = board?.Properties.DashboardBody['Fn::Join'][1]
  .map((part: unknown) => (typeof part === 'string' ? part : 'token'))
  .join('');
const widgets: readonly { type: string; y: number; properties: Record<string, unknown> }[] =
  JSON.parse(body).widgets;

describe('the dashboard', () => {
  test('shows the stages in their order, each under its heading', () => {
    const headings = widgets.filter(({ type }) => type === 'text');

    expect(headings.map(({ properties }) => String(properties.markdown).split('\n')[0])).toEqual([
      '## 1. ingest',
      '## 2. buffer',
      '## 3. map',
      '## 4. deliver',
      '## 5. dead-letter',
    ]);
    expect(headings.map(({ y }) => y)).toEqual(headings.map(({ y }) => y).sort((one, other) => one - other));
  });

  test('begins with what is in alarm', () => {
    expect(widgets[0]).toMatchObject({ type: 'alarm', y: 0 });
  });

  test('is named after the stack and its region, as dashboards are of the whole account, and an output leads to it', () => {
    expect(board?.Properties.DashboardName).toEqual({
      'Fn::Join': ['', ['adapter-', { Ref: 'AWS::Region' }]],
    });
    template.hasOutput('DashboardUrl', {
      Value: {
        'Fn::Join': [
          '',
          [
            'https://',
            { Ref: 'AWS::Region' },
            '.console.aws.amazon.com/cloudwatch/home?region=',
            { Ref: 'AWS::Region' },
            '#dashboards/dashboard/adapter-',
            { Ref: 'AWS::Region' },
          ],
        ],
      },
    });
  });
});
