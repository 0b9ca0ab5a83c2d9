import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { systemClock } from "../../src/clock.ts";
import type { PermitRequest, Store } from "../../src/store/store.ts";
import type { OpenStore } from "./contract.ts";

const { now } = systemClock;
const hour = 3_600_000;

/** Wants permits of these paces, one for each name. */
function wanted(id: string, paces: Record<string, number>, endsInMs = hour): PermitRequest {
  return { id, at: now(), paces: Object.entries(paces).map(([pace, count]) => ({ pace, count, endsInMs })) };
}

const giveBack = (store: Store, id: string, pace: string) => store.keep([{ id, pace, endsInMs: 0 }], now());

export function describePermits(open: OpenStore): void {
  describe("permits", () => {
    test("there are as many as a pace allows, and the next is told which is full and for how long", async () => {
      const store = await open();
      expect(await store.take(wanted("a", { p: 2 }))).toEqual({ outcome: "taken" });
      expect(await store.take(wanted("b", { p: 2 }, 2 * hour))).toEqual({ outcome: "taken" });
      const full = await store.take(wanted("c", { p: 2 }));
      expect(full).toMatchObject({ outcome: "full", pace: "p" });
      const { freeInMs } = full as { freeInMs: number };
      expect(freeInMs).toBeGreaterThan(hour / 2);
      expect(freeInMs).toBeLessThanOrEqual(hour);
      expect(await store.take(wanted("c", { other: 2 }))).toEqual({ outcome: "taken" });
    });

    test("they are taken under every pace or under none", async () => {
      const store = await open();
      await store.take(wanted("a", { narrow: 1 }));
      expect(await store.take(wanted("b", { wide: 1, narrow: 1 }))).toMatchObject({ outcome: "full", pace: "narrow" });
      expect(await store.take(wanted("c", { wide: 1 }))).toEqual({ outcome: "taken" });
    });

    test("one that is taken again, because its answer was lost, is taken once", async () => {
      const store = await open();
      await store.take(wanted("a", { p: 2 }));
      expect(await store.take(wanted("a", { p: 2 }))).toEqual({ outcome: "taken" });
      expect(await store.take(wanted("b", { p: 2 }))).toEqual({ outcome: "taken" });
      expect(await store.take(wanted("a", { p: 2 }))).toEqual({ outcome: "taken" });
      expect(await store.take(wanted("c", { p: 2 }))).toMatchObject({ outcome: "full" });
    });

    test("one that is given back makes room, once", async () => {
      const store = await open();
      for (const id of ["a", "b"]) await store.take(wanted(id, { p: 2 }));
      expect(await giveBack(store, "a", "p")).toBe(1);
      expect(await giveBack(store, "a", "p")).toBe(0);
      expect(await giveBack(store, "b", "other")).toBe(0);
      expect(await store.take(wanted("c", { p: 2 }))).toEqual({ outcome: "taken" });
      expect(await store.take(wanted("d", { p: 2 }))).toMatchObject({ outcome: "full" });
    });

    test("one ends by itself, and is not kept after its end", async () => {
      const store = await open();
      await store.take(wanted("a", { p: 1 }, 20));
      await vi.waitFor(async () => expect(await store.take(wanted("b", { p: 1 }))).toEqual({ outcome: "taken" }));
      expect(await store.keep([{ id: "a", pace: "p", endsInMs: hour }], now())).toBe(0);
      expect(await store.take(wanted("c", { p: 1 }))).toMatchObject({ outcome: "full" });
    });

    test("one lasts as long as it was last kept for", async () => {
      const store = await open();
      for (const id of ["long", "short"]) await store.take(wanted(id, { p: 2 }));
      const kept = [
        { id: "long", pace: "p", endsInMs: 2 * hour },
        { id: "short", pace: "p", endsInMs: 20 },
        { id: "none", pace: "p", endsInMs: hour },
      ];
      expect(await store.keep(kept, now())).toBe(2);
      await vi.waitFor(async () => expect(await store.take(wanted("next", { p: 2 }))).toEqual({ outcome: "taken" }));
      const full = await store.take(wanted("last", { p: 1 }));
      expect((full as { freeInMs: number }).freeInMs).toBeLessThanOrEqual(hour);
      await giveBack(store, "next", "p");
      expect(((await store.take(wanted("last", { p: 1 }))) as { freeInMs: number }).freeInMs).toBeGreaterThan(hour);
    });

    test("however they are taken, kept and given back, as many stand as should and never more than a pace allows", async () => {
      const paces = { p: 2, q: 3 };
      const move = fc.record({
        verb: fc.constantFrom("take", "take", "keep", "give back"),
        id: fc.constantFrom("a", "b", "c", "d", "e"),
        of: fc.constantFrom(["p"], ["q"], ["p", "q"], ["q", "p"]),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(move, { maxLength: 40 }), async (moves) => {
          const store = await open();
          const standing: Record<string, Set<string>> = { p: new Set(), q: new Set() };
          for (const { verb, id, of } of moves) {
            if (verb === "take") {
              const full = of.find((pace) => {
                const permits = standing[pace]!;
                return !permits.has(id) && permits.size >= paces[pace as keyof typeof paces];
              });
              const asked = wanted(id, Object.fromEntries(of.map((pace) => [pace, paces[pace as keyof typeof paces]])));
              const answer = await store.take(asked);
              expect(answer).toMatchObject(full ? { outcome: "full", pace: full } : { outcome: "taken" });
              if (!full) for (const pace of of) standing[pace]!.add(id);
            } else {
              const stood = of.filter((pace) => standing[pace]!.has(id));
              const endsInMs = verb === "keep" ? hour : 0;
              expect(
                await store.keep(
                  of.map((pace) => ({ id, pace, endsInMs })),
                  now(),
                ),
              ).toBe(stood.length);
              if (verb === "give back") for (const pace of stood) standing[pace]!.delete(id);
            }
          }
          await store.close();
        }),
        { numRuns: 60 },
      );
    });
  });
}
