import { describe, expect, test } from "vitest";
import type { OpenStore } from "./contract.ts";
import { charged, fixed, free, hour, minute, noon, request, usd } from "./samples.ts";

export function describeHolds(open: OpenStore): void {
  describe("holds", () => {
    test("a hold counts as held under every charge", async () => {
      const store = await open();
      const charges = [fixed("day", usd(5)), fixed("month", usd(50))];
      expect(await store.hold(request("a", { charges }))).toEqual({
        outcome: "held",
        counters: [
          { counter: "day", spent: 0n, held: usd(0.04), nextReleaseAt: null },
          { counter: "month", spent: 0n, held: usd(0.04), nextReleaseAt: null },
        ],
      });
    });

    test("a hold that would cross one limit is refused and holds nothing anywhere", async () => {
      const store = await open();
      const charges = [fixed("wide", usd(5)), fixed("narrow", usd(0.05)), fixed("other", usd(5))];
      await store.hold(request("a", { charges }));
      expect(await store.hold(request("b", { charges }))).toEqual({
        outcome: "refused",
        charge: charges[1],
        counter: { counter: "narrow", spent: 0n, held: usd(0.04), nextReleaseAt: null },
      });
      const states = await store.counters({ prefix: "", at: noon });
      expect(states.map(({ held }) => held)).toEqual([usd(0.04), usd(0.04), usd(0.04)]);
      expect(await store.findHold({ id: "b" })).toBeUndefined();
    });

    test("the limit itself may be reached, one nano-dollar more may not", async () => {
      const store = await open();
      const charges = [fixed("day", 100n)];
      expect(await store.hold(request("a", { amount: 100n, charges }))).toMatchObject({ outcome: "held" });
      expect(await store.hold(request("b", { amount: 1n, charges }))).toMatchObject({ outcome: "refused" });
    });

    test("the amount asked for is tested, not only what is left", async () => {
      const store = await open();
      const charges = [fixed("day", 100n)];
      await store.hold(request("a", { amount: 99n, charges }));
      expect(await store.hold(request("b", { amount: 10n, charges }))).toMatchObject({ outcome: "refused" });
      expect(await store.hold(request("c", { amount: 1n, charges }))).toMatchObject({ outcome: "held" });
    });

    test("a charge without a limit counts and lets everything through", async () => {
      const store = await open();
      const answer = await store.hold(request("a", { amount: usd(1_000), charges: [fixed("warn", null)] }));
      expect(answer).toMatchObject({ outcome: "held", counters: [{ held: usd(1_000) }] });
    });

    test("an unknown amount is stored as unknown and counts nowhere", async () => {
      const store = await open();
      const charges = [fixed("day", 0n)];
      const answer = await store.hold(request("a", { amount: null, charges }));
      expect(answer).toEqual({
        outcome: "held",
        counters: [{ counter: "day", spent: 0n, held: 0n, nextReleaseAt: null }],
      });
      expect(await store.findHold({ id: "a" })).toMatchObject({ amount: null });
    });

    test("the same hold sent again answers held and counts once", async () => {
      const store = await open();
      const charges = [fixed("day", usd(0.05))];
      await store.hold(request("a", { charges }));
      const again = await store.hold(request("a", { charges }));
      expect(again).toMatchObject({ outcome: "held", counters: [{ held: usd(0.04) }] });
      await store.settle("a", charged(usd(0.04)));
      const late = await store.hold(request("a", { charges }));
      expect(late).toMatchObject({ outcome: "held", counters: [{ spent: usd(0.04), held: 0n }] });
      expect(await store.findHold({ id: "a" })).toBeUndefined();
    });

    test("two budgets over one counter count a purchase once and both test it", async () => {
      const store = await open();
      const charges = [fixed("day", usd(5)), { ...fixed("day", usd(0.01)), budget: "strict" }];
      expect(await store.hold(request("a", { charges }))).toMatchObject({
        outcome: "refused",
        charge: { budget: "strict" },
      });
      const lax = [charges[0]!, charges[0]!];
      expect(await store.hold(request("b", { charges: lax }))).toMatchObject({ counters: [{ held: usd(0.04) }] });
      expect(await store.settle("b", charged(usd(0.03)))).toMatchObject({ counters: [{ spent: usd(0.03), held: 0n }] });
    });

    test("a negative or absurd amount is refused by name", async () => {
      const store = await open();
      await expect(store.hold(request("a", { amount: -1n }))).rejects.toMatchObject({
        name: "OptionsError",
        option: "amount",
      });
      await expect(store.hold(request("a", { amount: 10n ** 19n }))).rejects.toMatchObject({ name: "OptionsError" });
    });

    test("amounts beyond what a double can count stay exact", async () => {
      const store = await open();
      const amount = 9_007_199_254_740_993n;
      await store.hold(request("a", { amount, charges: [fixed("day", 10n ** 21n)] }));
      const hold = await store.findHold({ id: "a" });
      expect(hold?.amount).toBe(amount);
      expect(hold?.charges[0]?.limit).toBe(10n ** 21n);
      expect((await store.counters({ prefix: "day", at: noon }))[0]?.held).toBe(amount);
    });

    test("a hold comes back as it was made", async () => {
      const store = await open();
      const asked = request("a", {
        charges: [fixed("day", usd(5), null)],
        purchase: { tags: { customer: "Müller", "1": "x" }, key: "k", digest: "d", transport: "run" },
      });
      await store.hold(asked);
      const { id, at, amount, charges, purchase } = asked;
      const progress = { state: "held", requestId: null, sharers: 1, doubt: null };
      expect(await store.findHold({ id: "a" })).toEqual({ id, at, amount, charges, purchase, ...progress });
    });

    test("what the caller changes afterwards changes no book", async () => {
      const store = await open();
      const asked = request("a", { purchase: { tags: { customer: "acme" } } });
      await store.hold(asked);
      (asked.purchase.tags as Record<string, string>).customer = "evil";
      const seen = await store.findHold({ id: "a" });
      seen!.purchase.estimate.high = 0n;
      const hold = await store.findHold({ id: "a" });
      expect(hold?.purchase.tags).toEqual({ customer: "acme" });
      expect(hold?.purchase.estimate.high).toBe(usd(0.04));
    });
  });

  describe("binding, doubt and finding", () => {
    test("a bound hold is pending and found by fal's request id", async () => {
      const store = await open();
      await store.hold(request("a"));
      await store.bind("a", "r1");
      expect(await store.findHold({ requestId: "r1" })).toMatchObject({ id: "a", state: "pending", requestId: "r1" });
    });

    test("a doubted hold says why and keeps its money", async () => {
      const store = await open();
      await store.hold(request("a", { charges: [fixed("day", usd(5))] }));
      await store.doubt("a", "connection lost", noon + 1);
      expect(await store.findHold({ id: "a" })).toMatchObject({ state: "unknown", doubt: "connection lost" });
      expect(await store.counters({ prefix: "day", at: noon })).toMatchObject([{ held: usd(0.04) }]);
    });

    test("binding or doubting what is not open does nothing", async () => {
      const store = await open();
      await store.bind("nobody", "r1");
      await store.doubt("nobody", "why", noon);
      expect(await store.findHold({ requestId: "r1" })).toBeUndefined();
    });

    test("a key finds the newest bound hold", async () => {
      const store = await open();
      for (const [id, at] of [
        ["a", 0],
        ["b", 2],
        ["c", 1],
        ["d", 9],
      ] as const) {
        await store.hold(request(id, { at: noon + at, purchase: { key: "k" } }));
      }
      expect(await store.findHold({ key: "k" })).toBeUndefined();
      for (const id of ["a", "b", "c"]) await store.bind(id, `r-${id}`);
      expect(await store.findHold({ key: "k" })).toMatchObject({ id: "b" });
      await store.settle("b", free());
      expect(await store.findHold({ key: "k" })).toMatchObject({ id: "c" });
    });

    test("open holds come oldest first, in pages that go on although the last one seen is settled", async () => {
      const store = await open();
      for (const [id, at] of [
        ["x", 3],
        ["b", 1],
        ["a", 1],
        ["c", 2],
        ["late", hour],
      ] as const) {
        await store.hold(request(id, { at: noon + at }));
      }
      const first = await store.openHolds({ before: noon + minute, limit: 2 });
      expect(first.map(({ id }) => id)).toEqual(["a", "b"]);
      await store.settle("b", free());
      const rest = await store.openHolds({ before: noon + minute, after: "b", limit: 9 });
      expect(rest.map(({ id }) => id)).toEqual(["c", "x"]);
    });

    test("a page must have a sane length", async () => {
      const store = await open();
      for (const limit of [0, -1, 1.5, Number.POSITIVE_INFINITY]) {
        await expect(store.openHolds({ limit })).rejects.toMatchObject({ name: "OptionsError", option: "limit" });
        await expect(store.entries({ limit })).rejects.toMatchObject({ name: "OptionsError", option: "limit" });
      }
    });
  });

  describe("joins and sharing", () => {
    const keyed = (id: string, at = noon, joinSince?: number) =>
      request(id, {
        at,
        charges: [fixed("day", usd(5))],
        purchase: { key: "k" },
        ...(joinSince === undefined ? {} : { joinSince }),
      });

    test("an identical purchase under way is joined and holds nothing", async () => {
      const store = await open();
      await store.hold(keyed("a"));
      const answer = await store.hold(keyed("b", noon + 1, noon));
      expect(answer).toMatchObject({ outcome: "joined", hold: { id: "a", sharers: 2 } });
      expect(await store.findHold({ id: "b" })).toBeUndefined();
      expect(await store.counters({ prefix: "day", at: noon })).toMatchObject([{ held: usd(0.04) }]);
    });

    test("a purchase older than joinSince, or of another key, or without leave to join, is not joined", async () => {
      const store = await open();
      await store.hold(keyed("a"));
      expect(await store.hold(keyed("b", noon + 2, noon + 1))).toMatchObject({ outcome: "held" });
      expect(await store.hold(keyed("c", noon + 2))).toMatchObject({ outcome: "held" });
      const other = request("d", { joinSince: noon, purchase: { key: "other" } });
      expect(await store.hold(other)).toMatchObject({ outcome: "held" });
      expect(await store.hold(request("e", { joinSince: noon }))).toMatchObject({ outcome: "held" });
    });

    test("a hold never joins itself", async () => {
      const store = await open();
      await store.hold(keyed("a", noon, noon));
      expect(await store.hold(keyed("a", noon, noon))).toMatchObject({ outcome: "held" });
      expect(await store.findHold({ id: "a" })).toMatchObject({ sharers: 1 });
    });

    test("a bound purchase is joined before an unbound one", async () => {
      const store = await open();
      await store.hold(keyed("a"));
      await store.hold(keyed("b", noon + 1));
      await store.bind("a", "r1");
      expect(await store.hold(keyed("c", noon + 2, noon))).toMatchObject({ outcome: "joined", hold: { id: "a" } });
    });

    test("callers share and let go of a job until it is nobody's, and then none can share it", async () => {
      const store = await open();
      await store.hold(keyed("a"));
      await store.bind("a", "r1");
      expect(await store.share("r1")).toBe(2);
      expect(await store.unshare("r1")).toBe(1);
      expect(await store.unshare("r1")).toBe(0);
      expect(await store.unshare("r1")).toBe(0);
      expect(await store.share("r1")).toBe(0);
      expect(await store.hold(keyed("b", noon + 1, noon))).toMatchObject({ outcome: "held" });
    });

    test("a job that is no longer open cannot be shared", async () => {
      const store = await open();
      await store.hold(keyed("a"));
      await store.bind("a", "r1");
      await store.settle("a", charged(usd(0.04)));
      expect(await store.share("r1")).toBe(0);
      expect(await store.unshare("unheard of")).toBe(0);
    });
  });
}
