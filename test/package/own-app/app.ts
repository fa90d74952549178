import { App } from 'aws-cdk-lib';
import { MessagesStack } from './messages-stack.ts';

const app = new App();
for (const stage of ['dev', 'prod']) new MessagesStack(app, `messages-${stage}`, { stage });
