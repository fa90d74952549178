import { App } from 'aws-cdk-lib';
import { addStages } from '../lib/stages.ts';

await addStages(new App());
