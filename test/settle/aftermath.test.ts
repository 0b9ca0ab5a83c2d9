import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { retryAfterMs } from "../../src/limit/retry-after.ts";
import { createAftermath } from "../../src/settle/aftermath.ts";
import type { Store } from "../../src/store/store.ts";
import { createPlatform } from "../../src/wire/platform.ts";
import { day, entry, hour, minute, noon, usd } from "../store/samples.ts";
import { billed, type Fal, openDesk } from "./desk.ts";

const keys = generateKeyPairSync("ed25519");
const down = () => new Response(null, { status: 503 });

/** A fal that signs its webhooks, and says this of a job's result. */
const signing =
  (result: Fal): Fal =>
  (url, headers) => {
    if (url.host === "rest.fal.ai") return Response.json({ keys: [keys.publicKey.export({ format: "jwk" })] });
    return url.pathname.endsWith("/status") ? Response.json({ status: "COMPLETED" }) : result(url, headers);
  };

function webhook(requestId: string, at: number, by = keys.privateKey) {
  const body = JSON.stringify({ request_id: requestId, status: "OK" });
  const digest = createHash("sha256").update(body).digest("hex");
  const signed = sign(null, Buffer.from(["id", "user", Math.round(at / 1000), digest].join("\n")), by);
  const headers = {
    "x-fal-webhook-request-id": "id",
    "x-fal-webhook-user-id": "user",
    "x-fal-webhook-timestamp": String(Math.round(at / 1000)),
    "x-fal-webhook-signature": signed.toString("hex"),
  };
  return { headers, body };
}

function openAftermath(fal: Fal, rest: { everyMs?: number; over?: (store: Store) => Store } = {}) {
  const desk = openDesk(fal, rest.over);
  const ending = new AbortController();
  const warned: string[] = [];
  const { store, jobs, settler, clock, events, instant, dayOf, learn } = desk.parts;
  const aftermath = createAftermath({
    ...{ clock, events, instant, dayOf, signal: ending.signal },
    rounds: rest.everyMs === undefined ? null : { everyMs: rest.everyMs, olderThanMs: 30 * minute },
    credentials: () => "id:secret",
    platform: (credentials, via) => createPlatform({ fetch: via, clock, credentials, retryAfterMs }),
    warn: (message) => void warned.push(message),
  });
  const ledger = { store, jobs, settler, book: { learn } };
  return { ...desk, aftermath, ledger, ending, warned };
}

describe("a webhook", () => {
  test("settles its purchase by the bill of its result, and again changes nothing", async () => {
    const { aftermath, ledger, open, store, fetch, asked, time } = openAftermath(signing(() => billed("2")));
    await open("1", { requestId: "r-1" });
    const delivery = webhook("r-1", time.now);
    const settle = () => aftermath.settleWebhook(ledger, fetch, delivery);
    expect(await settle()).toEqual({ outcome: "settled", requestId: "r-1" });
    expect(await store.findEntry({ id: "1" })).toMatchObject({ outcome: "charged", actual: usd(0.08) });
    expect(await settle()).toEqual({ outcome: "already", requestId: "r-1" });
    expect(asked.filter(({ host }) => host === "rest.fal.ai")).toHaveLength(1);
    expect(asked).toHaveLength(3);
  });

  test("whose bill is not there yet leaves the money held, and one of nobody's purchase does nothing", async () => {
    const { aftermath, ledger, open, fetch, time, store } = openAftermath(signing(down));
    await open("1", { requestId: "r-1" });
    const outcomeOf = (id: string) => aftermath.settleWebhook(ledger, fetch, webhook(id, time.now));
    expect(await outcomeOf("r-1")).toEqual({ outcome: "not-finished", requestId: "r-1" });
    expect(await outcomeOf("r-2")).toEqual({ outcome: "unknown-request", requestId: "r-2" });
    expect(await store.findHold({ id: "1" })).toBeDefined();
  });

  test("of what was given up asks for the bill once more, and of what was charged does not", async () => {
    const { aftermath, ledger, fetch, asked, store, time } = openAftermath(signing(() => billed("2")));
    await store.record(entry("1", { requestId: "r-1", outcome: "expired", actual: usd(0.04) }));
    await store.record(entry("2", { requestId: "r-2" }));
    for (const id of ["r-1", "r-2"])
      expect(await aftermath.settleWebhook(ledger, fetch, webhook(id, time.now))).toMatchObject({ outcome: "already" });
    expect(asked.map(({ pathname }) => pathname).filter((path) => path.includes("requests"))).toEqual([
      "/fal-ai/flux/requests/r-1",
    ]);
    expect(await store.entries({ kinds: ["correction"], limit: 9 })).toMatchObject([{ about: "1", actual: usd(0.04) }]);
  });

  test("of what was given up stands where fal cannot be asked", async () => {
    const { aftermath, ledger, fetch, store, time } = openAftermath(signing(() => Promise.reject(new Error("reset"))));
    await store.record(entry("1", { requestId: "r-1", outcome: "free", actual: 0n }));
    const settled = await aftermath.settleWebhook(ledger, fetch, webhook("r-1", time.now));
    expect(settled).toEqual({ outcome: "already", requestId: "r-1" });
    expect(await store.entries({ kinds: ["correction"], limit: 9 })).toEqual([]);
  });

  test.each<[string, Fal, typeof keys.privateKey]>([
    ["signature", signing(down), generateKeyPairSync("ed25519").privateKey],
    ["keys", down, keys.privateKey],
  ])("is not believed by its %s", async (reason, fal, by) => {
    const { aftermath, ledger, fetch, time } = openAftermath(fal);
    const refused = aftermath.settleWebhook(ledger, fetch, webhook("r-1", time.now, by));
    await expect(refused).rejects.toMatchObject({ name: "WebhookError", reason });
  });
});

describe("the background", () => {
  test("is silent where it is not wanted", async () => {
    const { aftermath, ledger, fetch, open, asked } = openAftermath(down);
    await open("1", { requestId: "r-1" });
    aftermath.begin(ledger, fetch);
    await aftermath.idle();
    expect(asked).toEqual([]);
  });

  test("asks at once after what is old enough, and not after what has been lost for more than a day", async () => {
    const { aftermath, ledger, fetch, open, asked, store, ending } = openAftermath(
      () => {
        ending.abort();
        return Response.json({ status: "IN_PROGRESS" });
      },
      { everyMs: hour },
    );
    await open("young", { at: noon + 31 * minute, requestId: "young" });
    await open("lost", { at: noon - day - 1, purchase: { digest: "d" } });
    await store.doubt("lost", "answer lost", noon);
    await open("old", { at: noon + 29 * minute, requestId: "old" });
    aftermath.begin(ledger, fetch);
    await aftermath.idle();
    expect(asked.map(({ pathname }) => pathname)).toEqual(["/fal-ai/flux/requests/old/status"]);
  });

  test("asked by hand, goes after what was lost long ago as well", async () => {
    const { aftermath, ledger, fetch, open, asked, store } = openAftermath(() => Response.json({ items: [] }));
    await open("lost", { at: noon - day - 1, purchase: { digest: "d" } });
    await store.doubt("lost", "answer lost", noon);
    expect(await aftermath.reconcile(ledger, fetch)).toMatchObject({ checked: 1, open: 1, failure: null });
    expect(asked).toHaveLength(1);
  });

  test("tells why fal could not be asked once, and again once it could be in between", async () => {
    let rounds = 0;
    const answers = [403, 403, 200, 403, 401];
    const { aftermath, ledger, fetch, open, store, ending, warned } = openAftermath(
      () => {
        const status = answers[rounds++]!;
        if (rounds === answers.length) ending.abort();
        return status === 200 ? Response.json({ items: [] }) : new Response(null, { status });
      },
      { everyMs: 1 },
    );
    await open("lost", { at: noon, purchase: { digest: "d" }, charges: [] });
    await store.doubt("lost", "answer lost", noon);
    aftermath.begin(ledger, fetch);
    await aftermath.idle();
    const refused = (status: number) => `fal's list of requests was refused with ${status}`;
    expect(warned).toEqual([refused(403), refused(403), refused(401)]);
  });

  test("tells of a ledger that it cannot read, and comes again", async () => {
    let reads = 0;
    const { aftermath, ledger, fetch, told, time, ending } = openAftermath(down, {
      everyMs: 1_000,
      over: (store) => ({
        ...store,
        openHolds: () => {
          if (++reads === 2) setImmediate(() => ending.abort());
          return Promise.reject(new Error("torn page"));
        },
      }),
    });
    const began = time.now;
    aftermath.begin(ledger, fetch);
    await aftermath.idle();
    const failed = { type: "store-failed", store: "memory:", verb: "reconcile", message: "torn page" };
    expect(told.slice(0, 2)).toEqual([
      { ...failed, at: began },
      { ...failed, at: began + 1_000 },
    ]);
  });
});
