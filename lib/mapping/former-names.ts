import type { Problem } from '../config/file.ts';

/** What has a name, and the names that it had before. */
type Renamed = {
  readonly name: string;
  readonly formerly?: readonly string[] | undefined;
  /** Makes a problem at one of the former names. */
  readonly problemAt: (place: number, message: string) => Problem;
};

type Claim = { readonly former: string; readonly owner: Renamed; readonly place: number };

/** Checks that a former name leads to one event, or source, and that none has it now: else two would share what it was. */
export function checkFormerNames(kind: 'event' | 'source', all: readonly Renamed[]): readonly Problem[] {
  const claims = all.flatMap((owner) =>
    (owner.formerly ?? []).map((former, place) => ({ former, owner, place })),
  );
  return claims.flatMap((claim, index) => {
    const message = explainPresent(kind, claim, all) ?? explainShared(claim, claims.slice(0, index));
    return message === undefined ? [] : [claim.owner.problemAt(claim.place, message)];
  });
}

function explainPresent(
  kind: 'event' | 'source',
  { former, owner }: Claim,
  all: readonly Renamed[],
): string | undefined {
  if (former === owner.name) return `"${former}" is its present name. Remove it here.`;
  const other = all.find(({ name }) => name === former);
  if (other === undefined) return undefined;
  if (other.formerly?.includes(owner.name)) {
    return `"${owner.name}" and "${former}" each say that they were the other. Remove one of the two lines.`;
  }
  const rename = kind === 'event' ? 'Give that event another name' : 'Rename that folder';
  return `"${former}" is the name of another ${kind}. ${rename}, or remove this line.`;
}

function explainShared({ former, owner }: Claim, earlier: readonly Claim[]): string | undefined {
  const first = earlier.find((claim) => claim.former === former)?.owner;
  if (first === undefined) return undefined;
  const whose = first === owner ? 'is there twice' : `is a former name of "${first.name}" already`;
  return `"${former}" ${whose}. Keep it where it belongs, and remove the other.`;
}
