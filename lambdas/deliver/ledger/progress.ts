/** An event that is known by the id of its fact, and where it stands in its webhook. */
export type IdentifiedEvent = { readonly name: string; readonly item?: number; readonly identity: string };

/**
 * How far work on a webhook has come, so that the next receive goes on from there. It only saves work: whether an event
 * may be called says its own entry. Places are those of the list of events that the mapping makes of the webhook.
 */
export type Progress = {
  /** Of the mapping that made the list: under another one, the places mean nothing. */
  readonly mappingDigest: string;
  /** How many events the list has, and which of them have ended. */
  readonly events: number;
  readonly ended: Places;
  /** Events that wait for their next attempt; none of them is due before this time. */
  readonly putOff?: { readonly places: Places; readonly until: Date };
  /** How many receives ended since the function's time did: they are no failures, and no reason for a longer pause. */
  readonly outOfTime: number;
  /** Set while an event that has not ended may still be in the ledger under a key that it had before. */
  readonly looksBack?: true;
  /** Which replay of the webhook this is of; missing for the webhook itself. */
  readonly replay?: string;
};

/** A set of places in a list, one bit for each. */
export type Places = {
  readonly has: (place: number) => boolean;
  readonly add: (place: number) => void;
  readonly size: () => number;
  readonly bytes: () => Uint8Array;
};

/** The places that these bits say. Bits of further places are unset. */
export function createPlaces(events: number, bits: Uint8Array = new Uint8Array()): Places {
  const bytes = new Uint8Array(Math.ceil(events / 8));
  bytes.set(bits.subarray(0, bytes.length));
  let size = bytes.reduce((sum, byte) => sum + countBits(byte), 0);
  const has = (place: number) => ((bytes[place >> 3] ?? 0) & (1 << (place & 7))) !== 0;
  return {
    has,
    add: (place) => {
      if (has(place)) return;
      bytes[place >> 3] = (bytes[place >> 3] ?? 0) | (1 << (place & 7));
      size += 1;
    },
    size: () => size,
    bytes: () => bytes,
  };
}

function countBits(byte: number): number {
  return byte === 0 ? 0 : (byte & 1) + countBits(byte >> 1);
}
