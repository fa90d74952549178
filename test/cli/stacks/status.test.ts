import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { showStages } from '../../../cli/stacks/status.ts';
import {
  type CloudFormationServer,
  type Stacks,
  startCloudFormation,
} from '../../answers/cloudformation-server.ts';

const directory = mkdtempSync(join(tmpdir(), 'status-'));
const project = { mappings: directory, stagesFile: join(directory, 'stages.yaml') };
const url = 'event-url: https://tenant.example/events';
const resources: [] = [];
const DEPLOYED: Stacks = { 'webhook-adapter-dev': { resources }, CDKToolkit: { resources } };

let stacks: Stacks = DEPLOYED;
let server: CloudFormationServer;
beforeAll(async () => {
  writeFileSync(project.stagesFile, `local: { ${url} }\ndev: { ${url} }\nprod: { ${url} }\n`);
  server = await startCloudFormation(() => stacks);
});
afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true });
});

describe('adapter status', () => {
  test('says which stages are deployed, and says nothing of other stacks', async () => {
    stacks = DEPLOYED;

    expect(await showStages(project, {})).toEqual({
      text: 'webhook-adapter-dev  UPDATE_COMPLETE\nwebhook-adapter-prod  not deployed',
      exitCode: 0,
    });
  });

  test('says of a stack whose stage was renamed or removed that cdk destroy does not find it, and what does', async () => {
    stacks = { ...DEPLOYED, 'webhook-adapter-acme': { resources, isProtected: true } };
    const { text, exitCode } = await showStages(project, {});

    expect(exitCode).toBe(1);
    expect(text.split('\n').slice(2)).toEqual([
      'webhook-adapter-acme  UPDATE_COMPLETE  no stage of stages.yaml is it: it runs on, and "cdk destroy" does not find it',
      '  Put the stage back into stages.yaml to keep it. To be rid of it:',
      '  aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name webhook-adapter-acme',
      '  aws cloudformation delete-stack --stack-name webhook-adapter-acme',
    ]);
  });

  test('says the same to machines', async () => {
    stacks = { 'webhook-adapter-acme': { resources } };

    expect(JSON.parse((await showStages(project, { json: true })).text)).toEqual([
      { stage: 'dev', stack: 'webhook-adapter-dev' },
      { stage: 'prod', stack: 'webhook-adapter-prod' },
      { stack: 'webhook-adapter-acme', deployed: 'UPDATE_COMPLETE', isProtected: false },
    ]);
  });
});
