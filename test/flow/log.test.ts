import { describe, expect, test } from "vitest";
import { image, input, openClient, openEmulator } from "./open.ts";

interface Line {
  level: string;
  facts: Record<string, unknown>;
  message: string;
}

function written() {
  const lines: Line[] = [];
  const at = (level: string) => (facts: object, message: string) =>
    void lines.push({ level, facts: { ...facts }, message });
  const logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  return { logger, lines, aloud: () => lines.filter(({ level }) => level !== "debug") };
}

describe("a logger", () => {
  test("gets one line a call: endpoint, size, estimate, bill, cache, wait and what the tightest budget has left", async () => {
    const { logger, aloud } = written();
    const budgets = [
      { name: "month", limit: 50, per: "month" as const },
      { name: "acme's", limit: 1, per: "day" as const, splitBy: "tag:customer" as const },
    ];
    const { fal } = openClient(await openEmulator(), { logger, budgets, cache: { ttl: "1h", unseeded: true } });
    const acme = fal.with({ tags: { customer: "acme" } });
    const { requestId } = await acme.run(image, { input: { ...input, num_images: 2 } });
    await acme.subscribe(image, { input });
    await acme.run(image, { input: { ...input, num_images: 2 } });

    expect(aloud().map(({ level, message }) => [level, message])).toEqual([
      [
        "info",
        `${image} 1024x1024, 2 × image · estimated $0.08 · not cached, billed $0.08 (billed-units) · waited 0 ms · $0.92 left of $1.00 in "acme's"`,
      ],
      [
        "info",
        `${image} 1024x1024, 1 × image · estimated $0.04 · not cached, billed $0.04 (billed-units) · waited 0 ms · $0.88 left of $1.00 in "acme's"`,
      ],
      [
        "info",
        `${image} 1024x1024, 2 × image · estimated $0.08 · from the cache, saved $0.08 · $0.88 left of $1.00 in "acme's"`,
      ],
    ]);
    expect(aloud()[0]!.facts).toEqual({
      event: "call",
      purchaseId: expect.any(String),
      requestId,
      endpointId: image,
      tags: { customer: "acme" },
      size: "1024x1024, 2 × image",
      estimated: "0.08",
      cache: "miss",
      outcome: "charged",
      basis: "billed-units",
      billed: "0.08",
      waitedMs: 0,
      budget: "acme's",
      remaining: "0.92",
    });
  });

  test("hears the steps of a call at debug, and of a refusal once", async () => {
    const { logger, lines, aloud } = written();
    const budgets = [{ name: "small", limit: "0.05", per: "day" as const }];
    const { fal } = openClient(await openEmulator(), { logger, budgets });
    await fal.run(image, { input });
    const steps = lines.filter(({ level }) => level === "debug").map(({ facts }) => facts.event);
    expect(steps).toEqual(["call-priced", "budget-held", "call-sent", "call-settled"]);
    const before = aloud().length;
    await expect(fal.run(image, { input })).rejects.toThrow(/small/);
    expect(
      aloud()
        .slice(before)
        .map(({ level, message }) => [level, message]),
    ).toEqual([["warn", `${image} refused: $0.04 does not fit "small" (spent $0.04, held $0.00 of $0.05)`]]);
  });

  test("is told what a call that joined another saved, what was free, and what nobody knows", async () => {
    const { logger, aloud } = written();
    const emulator = await openEmulator({ headerlessEndpoints: ["acme/*"] });
    const { fal } = openClient(emulator, { logger, cache: { ttl: "1h", unseeded: true } });
    await Promise.all([fal.run(image, { input }), fal.run(image, { input })]);
    await fal.run(image, { input: { prompt: "" } }).catch(() => {});
    await fal.run("acme/unpriced", { input: { prompt: "a cat" } });
    expect(aloud().map(({ message }) => message)).toEqual([
      `${image} 1024x1024, 1 × image · estimated $0.04 · not cached, billed $0.04 (billed-units) · waited 0 ms`,
      `${image} 1024x1024, 1 × image · estimated $0.04 · joined a call under way, saved $0.04`,
      `${image} 1024x768, 1 × image · estimated $0.04 · not cached, free · waited 0 ms`,
      "acme/unpriced · estimated unknown · not cached, billed unknown (unknown) · waited 0 ms",
    ]);
  });
});
