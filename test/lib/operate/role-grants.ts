import * as z from 'zod';

/** An action that a role may do on a resource of the template. */
export type RoleGrant = {
  readonly action: string;
  /** The resource's construct within the adapter: its logical id without the adapter's own and without the hash. */
  readonly resource: string;
};

const policySchema = z.object({
  Type: z.literal('AWS::IAM::Policy'),
  Properties: z.object({
    Roles: z.array(z.object({ Ref: z.string() })),
    PolicyDocument: z.object({
      Statement: z.array(
        z.object({
          Effect: z.string(),
          Action: z.union([z.string(), z.array(z.string())]),
          Resource: z.unknown(),
        }),
      ),
    }),
  }),
});

const templateSchema = z.looseObject({ Resources: z.record(z.string(), z.unknown()) });

/** What each role of a template is granted by its policies, by the role's construct. */
export function rolesOf(template: object): Readonly<Record<string, readonly RoleGrant[]>> {
  const { Resources } = templateSchema.parse(template);
  const policies = Object.values(Resources).flatMap((one) => policySchema.safeParse(one).data ?? []);
  return Object.fromEntries(
    policies.flatMap(({ Properties: { Roles, PolicyDocument } }) =>
      Roles.map(({ Ref }) => [constructOf(Ref), PolicyDocument.Statement.flatMap(grantsOf)] as const),
    ),
  );
}

function grantsOf({
  Effect,
  Action,
  Resource,
}: z.infer<typeof policySchema>['Properties']['PolicyDocument']['Statement'][number]): readonly RoleGrant[] {
  if (Effect !== 'Allow') return [];
  return [Action]
    .flat()
    .flatMap((action) => [Resource].flat().map((one) => ({ action, resource: resourceOf(one) })));
}

function resourceOf(resource: unknown): string {
  const [, id] = /"(?:Ref|Fn::GetAtt)":\[?"(\w+)"/.exec(JSON.stringify(resource)) ?? [];
  return id === undefined ? JSON.stringify(resource) : constructOf(id);
}

/** `WebhookAdapterIngestFunctionRoleBB3F9F5A` is the `IngestFunctionRole`. */
export function constructOf(logicalId: string): string {
  return logicalId.replace(/^Webhook(Adapter|s)/, '').replace(/[0-9A-F]{8}$/, '');
}
