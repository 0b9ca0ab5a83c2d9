/** The ledger that a dashboard reads, and the calendar it reads it by. */

import { type Registry, readRegistry } from "../budget/registry.ts";
import { createWindows } from "../budget/window.ts";
import { createZone, firstInstant } from "../budget/zone.ts";
import type { Calendars } from "../report/summary.ts";
import type { Store } from "../store/store.ts";
import type { ResolvedDashboard } from "./options.ts";

/** An open ledger, as it is at one moment. */
export interface Ledger {
  store: Store;
  registry: Registry;
  timezone: string;
  calendars: Calendars;
  /** Milliseconds since the epoch. */
  at: number;
}

export interface Ledgers {
  /** `null` while there is no ledger yet. @throws StoreError when it cannot be read. */
  now(): Promise<Ledger | null>;
}

export function createLedgers({ open, clock, timezone, weekStart }: ResolvedDashboard): Ledgers {
  const reader = openedOnce(open);
  const calendars = new Map<string, Calendars>();
  const calendarOf = (zoneName: string): Calendars => {
    const known = calendars.get(zoneName);
    if (known) return known;
    const windows = createWindows(zoneName, weekStart);
    const zone = createZone(zoneName);
    const made: Calendars = {
      startOf: (per, at) => windows.at(per, at).start,
      startOfDate: (date) => firstInstant(zone, Date.parse(`${date}T00:00:00Z`)),
    };
    // The zone changes when the budgets in the ledger do, which is seldom; one is kept.
    calendars.clear();
    calendars.set(zoneName, made);
    return made;
  };
  return {
    async now() {
      const store = await reader();
      if (!store) return null;
      const at = clock.now();
      const registry = await readRegistry(store, at);
      const zone = timezone ?? zoneOf(registry) ?? "UTC";
      return { store, registry, timezone: zone, calendars: calendarOf(zone), at };
    },
  };
}

/** Opens once; a ledger that is not there yet, or could not be opened, is tried again by the next reader. */
function openedOnce(open: ResolvedDashboard["open"]): () => Promise<Store | undefined> {
  let opening: Promise<Store | undefined> | undefined;
  return async () => {
    opening ??= open();
    try {
      const store = await opening;
      if (!store) opening = undefined;
      return store;
    } catch (error) {
      opening = undefined;
      throw error;
    }
  };
}

/** The zone that all budgets agree on: days are then cut where the budgets cut them. */
function zoneOf({ budgets }: Registry): string | null {
  const zones = new Set(budgets.map(({ timezone }) => timezone));
  const [zone] = zones;
  return zones.size === 1 && zone !== undefined ? zone : null;
}
