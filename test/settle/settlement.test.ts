import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bill, Transport } from "../../src/call.ts";
import { decimal } from "../../src/money.ts";
import { type Observation, verdictOn } from "../../src/settle/settlement.ts";

const absent: Bill = { kind: "absent" };
const malformed: Bill = { kind: "malformed" };
const units = (text: string): Bill => ({ kind: "units", units: decimal(text), text });
const answered = (
  status: number,
  bill: Bill = absent,
  transport: Transport = "run",
  requestId: string | null = null,
): Observation => ({
  kind: "answered",
  transport,
  status,
  bill,
  requestId,
});

describe("the settlement table", () => {
  it.each([200, 400, 403, 422, 429, 500, 503])("a bill is charged at status %i", (status) => {
    expect(verdictOn(answered(status, units("2")))).toMatchObject({
      outcome: "charged",
      by: "billed-units",
      text: "2",
    });
  });

  it.each([200, 422, 500])("a bill of zero units at status %i is known to be free", (status) => {
    expect(verdictOn(answered(status, units("0")))).toMatchObject({ outcome: "free" });
  });

  it.each(["run", "stream"] as const)("a %s that succeeds without a bill is charged by the estimate", (transport) => {
    expect(verdictOn(answered(200, absent, transport))).toMatchObject({ outcome: "charged", by: "estimate" });
    expect(verdictOn(answered(200, malformed, transport))).toMatchObject({ outcome: "charged", by: "estimate" });
  });

  it("a submit that names a job is pending, and one that does not is unknown", () => {
    expect(verdictOn(answered(200, absent, "queue", "r-1"))).toEqual({ outcome: "pending", requestId: "r-1" });
    expect(verdictOn(answered(200, absent, "queue"))).toMatchObject({ outcome: "unknown" });
  });

  it.each([500, 502, 503, 504, 429, 401, 403, 404, 400])("status %i without a bill is free", (status) => {
    expect(verdictOn(answered(status))).toMatchObject({ outcome: "free" });
  });

  it.each([422, 302])("status %i without a bill keeps its hold", (status) => {
    expect(verdictOn(answered(status))).toMatchObject({ outcome: "unknown" });
  });

  it.each([422, 400, 500])("status %i with a malformed bill keeps its hold", (status) => {
    expect(verdictOn(answered(status, malformed))).toMatchObject({ outcome: "unknown" });
  });

  it("a request that never arrived, or never left, is free; one whose answer was lost is unknown", () => {
    expect(verdictOn({ kind: "unanswered", fate: "never-arrived", why: "ECONNREFUSED" })).toMatchObject({
      outcome: "free",
    });
    expect(verdictOn({ kind: "never-sent", why: "aborted" })).toMatchObject({ outcome: "free" });
    expect(verdictOn({ kind: "unanswered", fate: "unknown", why: "ECONNRESET" })).toMatchObject({ outcome: "unknown" });
  });

  it("an answer cut short is what its headers say", () => {
    expect(verdictOn({ kind: "cut", status: 200, bill: units("1"), why: "closed" })).toMatchObject({
      outcome: "charged",
    });
    expect(verdictOn({ kind: "cut", status: 200, bill: absent, why: "closed" })).toMatchObject({ outcome: "unknown" });
    expect(verdictOn({ kind: "cut", status: 502, bill: absent, why: "closed" })).toMatchObject({ outcome: "free" });
  });

  it("a result settles the job, unless it is an error that nobody explained", () => {
    const collected = (status: number, bill: Bill, explained = false): Observation => ({
      kind: "collected",
      status,
      bill,
      explained,
    });
    expect(verdictOn(collected(200, units("3")))).toMatchObject({ outcome: "charged", by: "billed-units" });
    expect(verdictOn(collected(200, absent))).toMatchObject({ outcome: "charged", by: "estimate" });
    expect(verdictOn(collected(422, units("1")))).toMatchObject({ outcome: "charged", by: "billed-units" });
    expect(verdictOn(collected(500, absent, true))).toMatchObject({ outcome: "free" });
    expect(verdictOn(collected(503, absent, false))).toMatchObject({ outcome: "undecided" });
    for (const status of [400, 401, 404, 422])
      expect(verdictOn(collected(status, absent, true))).toMatchObject({ outcome: "undecided" });
  });

  it("a cancel is free only while the job was queued", () => {
    expect(verdictOn({ kind: "cancelled", status: 202, lastSeen: "IN_QUEUE" })).toMatchObject({ outcome: "free" });
    expect(verdictOn({ kind: "cancelled", status: 202, lastSeen: "IN_PROGRESS" })).toMatchObject({
      outcome: "unknown",
    });
    expect(verdictOn({ kind: "cancelled", status: 202, lastSeen: null })).toMatchObject({ outcome: "unknown" });
    expect(verdictOn({ kind: "cancelled", status: 400, lastSeen: "COMPLETED" })).toMatchObject({
      outcome: "undecided",
    });
    expect(verdictOn({ kind: "cancelled", status: 404, lastSeen: "IN_QUEUE" })).toMatchObject({ outcome: "undecided" });
  });

  it.each<[Observation, ReturnType<typeof verdictOn>]>([
    [answered(199), { outcome: "unknown", why: "status 199" }],
    [answered(299), { outcome: "charged", by: "estimate", why: "no bill in the answer" }],
    [answered(200, malformed), { outcome: "charged", by: "estimate", why: "malformed bill" }],
    [answered(200, absent, "queue"), { outcome: "unknown", why: "the submit was answered without a request id" }],
    [answered(300), { outcome: "unknown", why: "status 300" }],
    [answered(399), { outcome: "unknown", why: "status 399" }],
    [answered(400), { outcome: "free", why: "refused with 400" }],
    [answered(499), { outcome: "free", why: "refused with 499" }],
    [answered(500), { outcome: "free", why: "server error 500" }],
    [answered(500, malformed), { outcome: "unknown", why: "status 500 with a malformed bill" }],
    [answered(422), { outcome: "unknown", why: "status 422 without a bill: charged when a runner spent time" }],
    [answered(200, units("0")), { outcome: "free", why: "fal billed 0 units" }],
    [
      { kind: "never-sent", why: "aborted" },
      { outcome: "free", why: "aborted" },
    ],
    [
      { kind: "unanswered", fate: "never-arrived", why: "ECONNREFUSED" },
      { outcome: "free", why: "never arrived (ECONNREFUSED)" },
    ],
    [
      { kind: "unanswered", fate: "unknown", why: "ECONNRESET" },
      { outcome: "unknown", why: "answer lost (ECONNRESET)" },
    ],
    [
      { kind: "cut", status: 499, bill: absent, why: "closed" },
      { outcome: "unknown", why: "answer 499 cut short (closed)" },
    ],
    [
      { kind: "cut", status: 500, bill: absent, why: "closed" },
      { outcome: "free", why: "server error 500" },
    ],
    [
      { kind: "collected", status: 299, bill: malformed, explained: false },
      { outcome: "charged", by: "estimate", why: "malformed bill" },
    ],
    [
      { kind: "collected", status: 199, bill: absent, explained: false },
      { outcome: "undecided", why: "result answered 199 without a bill" },
    ],
    [
      { kind: "collected", status: 300, bill: absent, explained: true },
      { outcome: "undecided", why: "result answered 300 without a bill" },
    ],
    [
      { kind: "collected", status: 500, bill: malformed, explained: true },
      { outcome: "undecided", why: "result answered 500 without a bill" },
    ],
    [
      { kind: "collected", status: 500, bill: absent, explained: true },
      { outcome: "free", why: "the job failed with 500" },
    ],
    [
      { kind: "cancelled", status: 299, lastSeen: "IN_QUEUE" },
      { outcome: "free", why: "cancelled while queued" },
    ],
    [
      { kind: "cancelled", status: 200, lastSeen: null },
      { outcome: "unknown", why: "cancelled while it may have been running" },
    ],
    [
      { kind: "cancelled", status: 199, lastSeen: "IN_QUEUE" },
      { outcome: "undecided", why: "cancel answered 199" },
    ],
    [
      { kind: "cancelled", status: 300, lastSeen: "IN_QUEUE" },
      { outcome: "undecided", why: "cancel answered 300" },
    ],
  ])("says why, for the ledger: %j", (seen, verdict) => {
    expect(verdictOn(seen)).toEqual(verdict);
  });

  it("is total: every status of every transport with every bill has a verdict, and only a 2xx submit is pending", () => {
    const bills = fc.constantFrom(absent, malformed, units("0"), units("1.5"));
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 599 }),
        bills,
        fc.constantFrom<Transport>("run", "queue", "stream"),
        fc.boolean(),
        (status, bill, transport, named) => {
          const verdict = verdictOn(answered(status, bill, transport, named && transport === "queue" ? "r-1" : null));
          expect(["charged", "free", "pending", "unknown"]).toContain(verdict.outcome);
          if (verdict.outcome === "pending") expect(transport === "queue" && status >= 200 && status < 300).toBe(true);
          if (bill.kind === "units") expect(verdict.outcome).toBe(bill.units.isZero() ? "free" : "charged");
        },
      ),
    );
  });
});
