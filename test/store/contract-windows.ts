import { describe, expect, test } from "vitest";
import type { OpenStore } from "./contract.ts";
import { charged, correction, day, fixed, free, hour, minute, noon, request, rolling, usd } from "./samples.ts";

export function describeWindows(open: OpenStore): void {
  describe("settlement", () => {
    test("settling moves the money from held to spent, at the bill and not at the hold", async () => {
      const store = await open();
      await store.hold(request("a", { amount: usd(1), charges: [fixed("day", usd(5))] }));
      const answer = await store.settle("a", charged(usd(0.25)));
      expect(answer).toMatchObject({
        outcome: "settled",
        counters: [{ counter: "day", spent: usd(0.25), held: 0n }],
        entry: { id: "a", kind: "purchase", outcome: "charged", actual: usd(0.25), at: noon, settledAt: noon + minute },
      });
    });

    test("what was free is given back whole, whatever amount came with it", async () => {
      const store = await open();
      await store.hold(request("a", { charges: [fixed("day", usd(5))] }));
      const answer = await store.settle("a", free({ post: { amount: usd(3) } }));
      expect(answer).toMatchObject({ counters: [{ spent: 0n, held: 0n }], entry: { outcome: "free", actual: 0n } });
    });

    test("a hold that nobody could tell the end of is posted as given", async () => {
      const store = await open();
      await store.hold(request("a", { charges: [fixed("day", usd(5))] }));
      const answer = await store.settle("a", charged(usd(0.04), { outcome: "expired", basis: "estimate" }));
      expect(answer).toMatchObject({ counters: [{ spent: usd(0.04), held: 0n }], entry: { outcome: "expired" } });
    });

    test("an unknown bill frees the hold, adds nothing, and stays unknown in the ledger", async () => {
      const store = await open();
      await store.hold(request("a", { charges: [fixed("day", usd(5))] }));
      const answer = await store.settle("a", charged(null));
      expect(answer).toMatchObject({ counters: [{ spent: 0n, held: 0n }], entry: { actual: null } });
    });

    test("a bill of a hold of unknown amount is counted once it is known", async () => {
      const store = await open();
      const charges = [fixed("day", usd(5)), rolling("roll", usd(5), hour)];
      await store.hold(request("a", { amount: null, charges }));
      const answer = await store.settle("a", charged(usd(0.5)));
      expect(answer).toMatchObject({
        counters: [{ spent: usd(0.5) }, { spent: usd(0.5), nextReleaseAt: noon + hour }],
      });
    });

    test("a bill above the hold is an overrun: it is posted and closes the gate", async () => {
      const store = await open();
      const charges = [fixed("day", usd(1))];
      await store.hold(request("a", { charges }));
      expect(await store.settle("a", charged(usd(3)))).toMatchObject({ counters: [{ spent: usd(3) }] });
      expect(await store.hold(request("b", { amount: 0n, charges }))).toMatchObject({ outcome: "refused" });
    });

    test("the second settlement answers already, with the first one's entry, and posts nothing", async () => {
      const store = await open();
      await store.hold(request("a", { charges: [fixed("day", usd(5))] }));
      await store.settle("a", charged(usd(0.04)));
      const again = await store.settle("a", charged(usd(2)));
      expect(again).toMatchObject({ outcome: "already", entry: { id: "a", actual: usd(0.04) } });
      expect(await store.counters({ prefix: "day", at: noon })).toMatchObject([{ spent: usd(0.04), held: 0n }]);
      expect(await store.entries({ limit: 9 })).toHaveLength(1);
    });

    test("settling what was never held answers already without an entry", async () => {
      const store = await open();
      expect(await store.settle("nobody", charged(1n))).toEqual({ outcome: "already", entry: undefined });
    });

    test("the n-th purchase of a counter gets the tier of its number, and only charged ones are numbered", async () => {
      const store = await open();
      const tiers = [
        { from: 1, amount: usd(1), percent: 0 },
        { from: 3, amount: usd(0.9), percent: 10 },
      ];
      const post = { amount: usd(7), ordinal: { counter: "november", tiers } };
      const posted: unknown[] = [];
      for (const [id, settlement] of [
        ["a", charged(null, { post })],
        ["b", free({ post })],
        ["c", charged(null, { post, outcome: "expired" })],
        ["d", charged(null, { post })],
        ["e", charged(null, { post })],
      ] as const) {
        await store.hold(request(id));
        const answer = await store.settle(id, settlement);
        if (answer.outcome === "settled") posted.push([answer.entry.actual, answer.entry.discountPercent]);
      }
      expect(posted).toEqual([
        [usd(1), 0],
        [0n, 0],
        [usd(7), 0],
        [usd(1), 0],
        [usd(0.9), 10],
      ]);
    });

    test("a purchase before the first tier keeps its own amount", async () => {
      const store = await open();
      await store.hold(request("a"));
      const ordinal = { counter: "november", tiers: [{ from: 100, amount: 1n, percent: 50 }] };
      const answer = await store.settle("a", charged(null, { post: { amount: usd(2), ordinal } }));
      expect(answer).toMatchObject({ entry: { actual: usd(2), discountPercent: 0 } });
    });

    test("the request id of the settlement is found again", async () => {
      const store = await open();
      await store.hold(request("a"));
      await store.bind("a", "r1");
      await store.settle("a", charged(1n));
      expect(await store.findEntry({ requestId: "r1" })).toMatchObject({ id: "a", requestId: "r1" });
      expect(await store.findHold({ requestId: "r1" })).toBeUndefined();
    });
  });

  describe("windows", () => {
    test("a job that outlives its window is charged to the window it was sent in", async () => {
      const store = await open();
      await store.hold(request("a", { charges: [fixed("day1", usd(5), noon + hour)] }));
      const answer = await store.settle("a", charged(usd(0.04), { at: noon + day }));
      expect(answer).toMatchObject({ counters: [{ counter: "day1", spent: usd(0.04), held: 0n }] });
    });

    test("an amount counts in a rolling window until its length has passed, and not at that moment", async () => {
      const store = await open();
      const charges = [rolling("roll", 100n, minute)];
      await store.hold(request("a", { amount: 60n, charges }));
      await store.hold(request("b", { amount: 40n, charges, at: noon + 1 }));
      const early = await store.hold(request("c", { amount: 60n, charges, at: noon + minute - 1 }));
      expect(early).toMatchObject({ outcome: "refused", counter: { held: 100n, nextReleaseAt: noon + minute } });
      const late = await store.hold(request("c", { amount: 60n, charges, at: noon + minute }));
      expect(late).toMatchObject({ outcome: "held", counters: [{ held: 100n, nextReleaseAt: noon + minute + 1 }] });
    });

    test("no placement of a rolling window contains more than the limit", async () => {
      const store = await open();
      const charges = [rolling("roll", 10n, 1_000)];
      const held: number[] = [];
      for (let at = noon; at < noon + 5_000; at += 37) {
        const answer = await store.hold(request(`h${at}`, { at, amount: 1n, charges }));
        if (answer.outcome === "held") held.push(at);
      }
      expect(held).toHaveLength(50);
      for (const start of held)
        expect(held.filter((at) => at >= start && at < start + 1_000).length).toBeLessThanOrEqual(10);
    });

    test("a bill that comes after its amount left a rolling window adds nothing to it", async () => {
      const store = await open();
      const charges = [rolling("roll", 100n, minute), fixed("day", null)];
      await store.hold(request("a", { amount: 60n, charges }));
      await store.hold(request("u", { amount: null, charges }));
      const late = await store.settle("a", charged(60n, { at: noon + minute }));
      expect(late).toMatchObject({
        counters: [
          { spent: 0n, held: 0n, nextReleaseAt: null },
          { spent: 60n, held: 0n },
        ],
      });
      const unknown = await store.settle("u", charged(5n, { at: noon + minute }));
      expect(unknown).toMatchObject({ counters: [{ spent: 0n, held: 0n }, { spent: 65n }] });
    });

    test("a spent amount leaves a rolling window when it was sent, not when it was settled", async () => {
      const store = await open();
      const charges = [rolling("roll", 100n, minute)];
      await store.hold(request("a", { amount: 60n, charges }));
      await store.settle("a", charged(50n, { at: noon + 30_000 }));
      expect(await store.counters({ prefix: "roll", at: noon + minute - 1 })).toMatchObject([{ spent: 50n, held: 0n }]);
      expect(await store.counters({ prefix: "roll", at: noon + minute })).toMatchObject([
        { spent: 0n, nextReleaseAt: null },
      ]);
    });

    test("looking into the future drops nothing", async () => {
      const store = await open();
      const charges = [rolling("roll", 100n, minute)];
      await store.hold(request("a", { amount: 60n, charges }));
      expect(await store.counters({ prefix: "roll", at: noon + hour })).toMatchObject([{ held: 0n }]);
      expect(await store.counters({ prefix: "roll", at: noon + 1 })).toMatchObject([{ held: 60n }]);
    });

    test("what was given back is no reason to wait", async () => {
      const store = await open();
      const charges = [rolling("roll", 100n, minute)];
      await store.hold(request("a", { amount: 60n, charges }));
      await store.hold(request("b", { amount: 10n, charges, at: noon + 5 }));
      const answer = await store.settle("a", free({ at: noon + 6 }));
      expect(answer).toMatchObject({ counters: [{ held: 10n, nextReleaseAt: noon + 5 + minute }] });
    });

    test("a hold that is sent out of order leaves when it should", async () => {
      const store = await open();
      const charges = [rolling("roll", null, minute)];
      for (const [id, at] of [
        ["a", 20],
        ["b", 0],
        ["c", 10],
      ] as const) {
        await store.hold(request(id, { amount: 1n, charges, at: noon + at }));
      }
      const heldAt = async (at: number) => (await store.counters({ prefix: "roll", at: noon + minute + at }))[0]?.held;
      expect([await heldAt(-1), await heldAt(0), await heldAt(10), await heldAt(20)]).toEqual([3n, 2n, 1n, 0n]);
    });

    test("counters are chosen by the start of their id, sorted, and signs in it mean themselves", async () => {
      const store = await open();
      for (const counter of ["day|a_b|2", "day|a_b|1", "day|axb|1", "day|a%|1", "week|a_b"]) {
        await store.hold(request(counter, { charges: [fixed(counter, null)] }));
      }
      const ids = async (prefix: string) => (await store.counters({ prefix, at: noon })).map(({ counter }) => counter);
      expect(await ids("day|a_b|")).toEqual(["day|a_b|1", "day|a_b|2"]);
      expect(await ids("day|a%")).toEqual(["day|a%|1"]);
      expect(await ids("")).toHaveLength(5);
      expect(await ids("none")).toEqual([]);
    });

    test("a counter is dropped some while after its window, its late bill is passed over, and endless ones stay", async () => {
      const store = await open();
      const charges = [
        fixed("ended", usd(5), noon + hour),
        fixed("endless", usd(5), null),
        rolling("roll", usd(5), hour),
      ];
      await store.hold(request("a", { charges }));
      await store.hold(request("soon", { at: noon + day }));
      expect(await store.counters({ prefix: "ended", at: noon + day })).toHaveLength(1);
      await store.hold(request("late", { at: noon + 4 * day }));
      const left = await store.counters({ prefix: "", at: noon + 4 * day });
      expect(left.map(({ counter }) => counter)).toEqual(["endless"]);
      const answer = await store.settle("a", charged(usd(0.04), { at: noon + 4 * day }));
      expect(answer).toMatchObject({
        counters: [{ spent: 0n, held: 0n }, { spent: usd(0.04), held: 0n }, { spent: 0n }],
      });
      expect(await store.counters({ prefix: "ended", at: noon + 4 * day })).toEqual([]);
    });
  });

  test("a rolling counter that is still used is never dropped", async () => {
    const store = await open();
    const charges = [rolling("roll", null, day)];
    await store.hold(request("a", { charges }));
    await store.hold(request("b", { charges, at: noon + 2.9 * day }));
    await store.hold(request("c", { at: noon + 3.1 * day }));
    expect(await store.counters({ prefix: "roll", at: noon + 3.1 * day })).toMatchObject([{ held: usd(0.04) }]);
  });

  describe("corrections", () => {
    test("a correction reaches the windows of its purchase, downwards too", async () => {
      const store = await open();
      const charges = [fixed("day", usd(5)), rolling("roll", usd(5), 2 * hour)];
      await store.hold(request("a", { charges }));
      await store.settle("a", charged(usd(1)));
      await store.record(correction("c1", -usd(0.4), { charges, about: "a" }));
      await store.record(correction("c2", usd(0.1), { charges, about: "a" }));
      const states = await store.counters({ prefix: "", at: noon + hour });
      expect(states.map(({ spent }) => spent)).toEqual([usd(0.7), usd(0.7)]);
      const later = await store.counters({ prefix: "roll", at: noon + 2 * hour });
      expect(later).toMatchObject([{ spent: 0n }]);
    });

    test("a correction of a window that ended reaches it while it is kept, and makes none anew", async () => {
      const store = await open();
      const charges = [
        fixed("kept", null, noon + minute),
        fixed("gone", null, noon + minute),
        fixed("endless", null, null),
      ];
      await store.hold(request("a", { charges: [charges[0]!] }));
      await store.record(correction("c", usd(2), { charges: [...charges, rolling("left", null, minute)] }));
      const states = await store.counters({ prefix: "", at: noon + hour });
      expect(states.map(({ counter, spent }) => [counter, spent])).toEqual([
        ["endless", usd(2)],
        ["kept", usd(2)],
      ]);
    });

    test("a correction recorded twice counts once, and an unknown one adds nothing", async () => {
      const store = await open();
      const charges = [fixed("day", usd(5))];
      await store.record(correction("c", usd(1), { charges }));
      await store.record(correction("c", usd(1), { charges }));
      await store.record(correction("d", 0n, { charges, actual: null }));
      expect(await store.counters({ prefix: "day", at: noon })).toMatchObject([{ spent: usd(1) }]);
    });
  });
}
