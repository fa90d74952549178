import { compileMapping, mapWebhook } from '../../lambdas/map/webhook.ts';
import { parseBody } from '../../lambdas/webhook-body.ts';
import { parseMappingFile } from '../../lib/mapping/file.ts';
import { resolveMapping } from '../../lib/mapping/schema.ts';
import type { Product } from './mapping-cases.ts';

/** The product as this tree has it. All that the comparison imports of it is imported here. */
export const THIS_TREE: Product = {
  prepare: (mapping, source, stage) => {
    const file = parseMappingFile(`${source}/mapping.yaml`, mapping, { folder: source });
    if (!file.ok) throw new Error(file.failure.map(({ message }) => message).join('\n'));
    const compiled = compileMapping(resolveMapping(file.value, stage));
    return async (webhook) => mapWebhook(compiled, webhook);
  },
  readBody: (bytes, format) => {
    const read = parseBody(bytes, format);
    return read.ok ? read : undefined;
  },
};
