import { afterEach, describe } from "vitest";
import type { Store } from "../../src/store/store.ts";
import { describeHolds } from "./contract-holds.ts";
import { describeLedger } from "./contract-ledger.ts";
import { describeModel } from "./contract-model.ts";
import { describeOrder } from "./contract-order.ts";
import { describePermits } from "./contract-permits.ts";
import { describeShelf } from "./contract-shelf.ts";
import { describeWindows } from "./contract-windows.ts";

interface StoreBounds {
  maxResultBytes?: number;
  maxNotes?: number;
}

/** Opens a new, empty store each time. */
export type OpenStore = (bounds?: StoreBounds) => Promise<Store>;

/** What every store promises. Run it against each adapter. */
export function describeStore(adapter: string, openEmpty: OpenStore): void {
  const opened: Store[] = [];
  const open: OpenStore = async (bounds) => {
    const store = await openEmpty(bounds);
    opened.push(store);
    return store;
  };
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });

  describe(`${adapter} keeps the store's contract`, () => {
    describeHolds(open);
    describeWindows(open);
    describeLedger(open);
    describePermits(open);
    describeShelf(open);
    describeOrder(open);
    describeModel(open);
  });
}
