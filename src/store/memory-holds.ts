import type { HoldTable } from "./booking.ts";
import type { Charge, Entry, Hold, Purchase, Store } from "./store.ts";

export interface MemoryHolds extends HoldTable {
  readonly size: number;
  boundOf(key: string): Hold | undefined;
  list(query: Parameters<Store["openHolds"]>[0], entryAt: (id: string) => number | undefined): Hold[];
  values(): Iterable<Hold>;
}

export function createMemoryHolds(): MemoryHolds {
  const byId = new Map<string, Hold>();
  const byRequest = new Map<string, string>();
  const byKey = new Map<string, Set<string>>();

  function withKey(key: string): Hold[] {
    const ids = [...(byKey.get(key) ?? [])];
    return ids.map((id) => byId.get(id)!).filter((hold) => hold.sharers > 0);
  }

  return {
    get size() {
      return byId.size;
    },
    values: () => byId.values(),
    has: (id) => byId.has(id),
    find: (by) => byId.get("id" in by ? by.id : (byRequest.get(by.requestId) ?? "")),
    boundOf: (key) => newest(withKey(key).filter(isBound)),
    joinable(key, since) {
      const recent = withKey(key).filter((hold) => hold.at >= since);
      return newest(recent.filter(isBound)) ?? newest(recent);
    },
    insert(hold) {
      byId.set(hold.id, hold);
      const { key } = hold.purchase;
      if (key !== null) byKey.set(key, (byKey.get(key) ?? new Set()).add(hold.id));
    },
    update(id, { state, requestId, sharers, doubt }) {
      const hold = byId.get(id);
      if (!hold) return;
      byId.set(id, { ...hold, state, requestId, sharers, doubt });
      if (requestId !== null) byRequest.set(requestId, id);
    },
    remove(id) {
      const hold = byId.get(id);
      if (!hold) return;
      byId.delete(id);
      const { requestId, purchase } = hold;
      if (requestId !== null && byRequest.get(requestId) === id) byRequest.delete(requestId);
      if (purchase.key === null) return;
      const sameKey = byKey.get(purchase.key);
      sameKey?.delete(id);
      if (sameKey?.size === 0) byKey.delete(purchase.key);
    },
    list({ before, after, limit }, entryAt) {
      // The last hold seen may have been resolved since; its entry still tells where the page went on.
      const seenAt = after === undefined ? undefined : (byId.get(after)?.at ?? entryAt(after));
      const chosen = [...byId.values()].filter(
        (hold) =>
          (before === undefined || hold.at < before) &&
          (seenAt === undefined || hold.at > seenAt || (hold.at === seenAt && hold.id > after!)),
      );
      return chosen.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1)).slice(0, limit);
    },
  };
}

function isBound(hold: Hold): boolean {
  return hold.requestId !== null;
}

/** The later made of those sent at the same moment, for a set keeps the order of making. */
function newest(holds: Hold[]): Hold | undefined {
  return holds.reduce<Hold | undefined>((best, hold) => (best && best.at > hold.at ? best : hold), undefined);
}

/** The ledger's own copy: what a caller changes afterwards changes no book. */
export function copyHold(hold: Hold): Hold {
  return { ...hold, charges: copyCharges(hold.charges), purchase: copyPurchase(hold.purchase) };
}

export function copyPurchase(purchase: Purchase): Purchase {
  return { ...purchase, tags: { ...purchase.tags }, estimate: { ...purchase.estimate } };
}

export function copyCharges(charges: readonly Charge[]): Charge[] {
  return charges.map((charge) => ({ ...charge, window: { ...charge.window } }));
}

export function copyEntry(entry: Entry): Entry {
  return {
    ...entry,
    tags: { ...entry.tags },
    estimate: { ...entry.estimate },
    charges: copyCharges(entry.charges),
  };
}
