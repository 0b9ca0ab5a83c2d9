import { describe, expect, it } from "vitest";
import { createDeliveries } from "../../src/cache/deliveries.ts";
import { answer, handClock } from "./shelf.ts";

const URL_A = "https://v3.fal.media/files/a.png";
const URL_B = "https://v3.fal.media/files/b.png";

describe("an answer whose download failed", () => {
  it("is delivered again, once for each failure", () => {
    const deliveries = createDeliveries(handClock());
    deliveries.delivered("k1", answer());
    expect(deliveries.redeliver("k1")).toBeUndefined();
    deliveries.downloadFailed(URL_A);
    expect(deliveries.redeliver("k1")).toEqual(answer());
    expect(deliveries.redeliver("k1")).toBeUndefined();
    deliveries.downloadFailed(URL_A);
    expect(deliveries.redeliver("k1")).toEqual(answer());
  });

  it.each(["r1", ""])("is bought anew after three tries, each reported as delivered (request id %j)", (requestId) => {
    const deliveries = createDeliveries(handClock());
    deliveries.delivered("k1", answer({ requestId }));
    for (let attempt = 1; attempt <= 3; attempt++) {
      deliveries.downloadFailed(URL_A);
      const again = deliveries.redeliver("k1");
      expect(again).toBeDefined();
      deliveries.delivered("k1", requestId === "" ? again! : { ...again!, storedAt: 2_000_000 + attempt });
    }
    deliveries.downloadFailed(URL_A);
    expect(deliveries.redeliver("k1")).toBeUndefined();
    deliveries.delivered("k1", answer({ requestId: "r2" }));
    deliveries.downloadFailed(URL_A);
    expect(deliveries.redeliver("k1")?.requestId).toBe("r2");
  });

  it("is bought anew when an hour has passed", () => {
    const clock = handClock();
    const deliveries = createDeliveries(clock);
    deliveries.delivered("k1", answer());
    deliveries.downloadFailed(URL_A);
    clock.pass(3_600_001);
    expect(deliveries.redeliver("k1")).toBeUndefined();
  });

  it("is not delivered again once every failed download succeeded after all", () => {
    const deliveries = createDeliveries(handClock());
    deliveries.delivered("k1", answer({ json: [URL_A, URL_B] }));
    deliveries.downloadFailed(URL_A);
    deliveries.downloadFailed(URL_B);
    deliveries.downloaded(URL_A);
    expect(deliveries.redeliver("k1")).toBeDefined();
    deliveries.downloadFailed(URL_A);
    deliveries.downloaded(URL_A);
    expect(deliveries.redeliver("k1")).toBeUndefined();
  });

  it("is not delivered again when its result was fetched once more", () => {
    const deliveries = createDeliveries(handClock());
    deliveries.delivered("k1", answer());
    deliveries.downloadFailed(URL_A);
    deliveries.delivered("k1", answer({ storedAt: 1_000_001 }));
    expect(deliveries.redeliver("k1")).toBeUndefined();
  });

  it("is told from another one without a request id by when it was stored", () => {
    const deliveries = createDeliveries(handClock());
    deliveries.delivered("k1", answer({ requestId: "" }));
    deliveries.delivered("k1", answer({ requestId: "", storedAt: 1_000_001, json: { url: URL_B } }));
    deliveries.downloadFailed(URL_B);
    expect(deliveries.redeliver("k1")?.storedAt).toBe(1_000_001);
  });

  it("is found by any of its URLs, however deep and however spelled", () => {
    const deliveries = createDeliveries(handClock());
    const json = {
      video: { url: "HTTP://example.com".toLowerCase() },
      more: [[{ thumb: "https://v3.fal.media/a b.png" }]],
    };
    deliveries.delivered("k1", answer({ json }));
    for (const url of ["http://example.com/", "https://v3.fal.media/a%20b.png"]) {
      deliveries.downloadFailed(url);
      expect(deliveries.redeliver("k1")).toBeDefined();
    }
  });

  it("does not mark other answers, but marks all that hold the URL", () => {
    const deliveries = createDeliveries(handClock());
    deliveries.delivered("k1", answer({ key: "k1", requestId: "r1" }));
    deliveries.delivered("k2", answer({ key: "k2", requestId: "r2" }));
    deliveries.delivered("k3", answer({ key: "k3", requestId: "r3", json: { url: URL_B } }));
    deliveries.downloadFailed(URL_A);
    expect(["k1", "k2", "k3"].map((key) => deliveries.redeliver(key)?.requestId)).toEqual(["r1", "r2", undefined]);
  });

  it("is every caller's own copy", () => {
    const deliveries = createDeliveries(handClock());
    const mine = answer();
    deliveries.delivered("k1", mine);
    mine.body.fill(0);
    deliveries.downloadFailed(URL_A);
    const first = deliveries.redeliver("k1")!;
    first.body.fill(0);
    deliveries.downloadFailed(URL_A);
    expect(deliveries.redeliver("k1")).toEqual(answer());
  });

  it("gives way to the latest answer under its key", () => {
    const deliveries = createDeliveries(handClock());
    deliveries.delivered("k1", answer());
    deliveries.delivered("k1", answer({ requestId: "r2", json: { url: URL_B } }));
    deliveries.downloadFailed(URL_A);
    expect(deliveries.redeliver("k1")).toBeUndefined();
    deliveries.downloadFailed(URL_B);
    expect(deliveries.redeliver("k1")?.requestId).toBe("r2");
  });
});

describe("what is remembered", () => {
  it("is only JSON with URLs in it", () => {
    const deliveries = createDeliveries(handClock());
    deliveries.delivered("k1", answer({ json: { image: "data:image/png;base64,AAAA" } }));
    deliveries.delivered("k2", answer({ body: new TextEncoder().encode(`see ${URL_A}`) }));
    deliveries.downloadFailed(URL_A);
    deliveries.downloadFailed("no url");
    expect([deliveries.redeliver("k1"), deliveries.redeliver("k2")]).toEqual([undefined, undefined]);
  });

  it("is 64 URLs of one answer at most", () => {
    const deliveries = createDeliveries(handClock());
    deliveries.delivered("k1", answer({ json: Array.from({ length: 65 }, (_, n) => `https://fal.media/${n}`) }));
    deliveries.downloadFailed("https://fal.media/64");
    expect(deliveries.redeliver("k1")).toBeUndefined();
    deliveries.downloadFailed("https://fal.media/63");
    expect(deliveries.redeliver("k1")).toBeDefined();
  });

  it.each([{ maxEntries: 2 }, { maxBytes: 800 }])("is bounded: %j", (bounds) => {
    const deliveries = createDeliveries(handClock(), bounds);
    for (const n of [1, 2, 3]) deliveries.delivered(`k${n}`, answer({ requestId: `r${n}` }));
    deliveries.downloadFailed(URL_A);
    expect([1, 2, 3].map((n) => deliveries.redeliver(`k${n}`)?.requestId)).toEqual([undefined, "r2", "r3"]);
  });

  it("is no answer above a quarter of the room", () => {
    const deliveries = createDeliveries(handClock(), { maxBytes: 4 * 1000 });
    deliveries.delivered("k1", answer({ json: [URL_A, "x".repeat(1000)] }));
    deliveries.downloadFailed(URL_A);
    expect(deliveries.redeliver("k1")).toBeUndefined();
  });
});
