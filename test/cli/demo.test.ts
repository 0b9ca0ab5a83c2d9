import { existsSync } from "node:fs";
import { join } from "node:path";
import { startEmulator } from "fal-meter/emulator";
import { describe, expect, it } from "vitest";
import { emptyFolder, isPlain, run, start } from "./command.ts";

const SLOW = 60_000;

describe("fal-meter demo", () => {
  it(
    "needs no key, shows every call, and every bill agrees with the emulator's own book",
    async () => {
      const { code, out, err } = await run(["demo"]);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toMatch(/estimate \$[\d.]+ · billed (\$[\d.]+) · the emulator's own book \1 — agree to the cent ✓/);
      expect(out).toMatch(/✗ fal-ai\/veo3\.1\s+refused\s+\$3\.20 over "\$0\.50 a request"/);
      expect(
        out.match(/BudgetExceededError: .*"\$1 a day" cannot hold \(limit \$1\.00, spent .*raise the limit/g),
      ).toHaveLength(1);
      expect(out).toMatch(/○ fal-ai\/flux-subject\s+cached/);
      expect(out.match(/joined\s+shares a call/g)).toHaveLength(3);
      expect(out).toMatch(/\? fal-ai\/nano-banana\s+held/);
      expect(out).toContain("fal-meter spend --by endpoint");
      expect(isPlain(out)).toBe(true);
    },
    SLOW,
  );

  it(
    "tells the same as one JSON document and nothing else",
    async () => {
      const { code, out, err } = await run(["demo", "--json"], { cwd: emptyFolder() });
      expect({ code, err }).toEqual({ code: 0, err: "" });
      const told = JSON.parse(out);
      expect(told.agree).toBe(true);
      expect(told.billed).toBe(told.book);
      expect(told.estimate).not.toBe(told.billed);
      expect(told).toMatchObject({
        unplanned: [],
        free: 2,
        cached: { calls: 5 },
        joined: { calls: 3, saved: "0.075" },
        refused: { calls: 3, asked: "4.2" },
        lost: { calls: 0, held: "0", book: "0" },
      });
      const recraft = told.endpoints.find(
        (each: { endpointId: string }) => each.endpointId === "fal-ai/recraft/v3/text-to-image",
      );
      expect(recraft).toMatchObject({ calls: 2, estimate: "0.06", billed: "0.08", book: "0.08" });
      expect(told.pictures.length).toBeGreaterThan(3);
      for (const picture of told.pictures) expect(existsSync(picture)).toBe(true);
      const spend = JSON.parse((await run(["spend", "--store", told.ledger, "--json"])).out);
      expect(spend).toMatchObject({ spent: told.billed, held: told.lost.held, refused: 3 });
    },
    SLOW,
  );

  it(
    "stops at Ctrl-C with the exit code of an interruption",
    async () => {
      const demo = start(["demo"]);
      await demo.seen(/✓ fal-ai/);
      demo.child.kill("SIGINT");
      const { code, out } = await demo.ended;
      expect(code).toBe(130);
      expect(out).not.toContain("agree");
    },
    SLOW,
  );

  it("does not go live without a key", async () => {
    const { code, out, err } = await run(["demo", "--live"]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^fal-meter: FAL_KEY must be set for --live.*\n$/);
  });

  it(
    "buys two small pictures live, and the third answer is the first one again",
    async () => {
      const emulator = await startEmulator({ requireKey: true });
      const preload = `data:text/javascript,${encodeURIComponent(
        `const real = globalThis.fetch; globalThis.fetch = (input, init) => { const url = new URL(input instanceof Request ? input.url : input); return /fal\\.(run|ai)$/.test(url.hostname) ? real(new URL("/" + url.hostname + url.pathname + url.search, ${JSON.stringify(emulator.url)}), init) : real(input, init); };`,
      )}`;
      const { code, out, err } = await run(["demo", "--live", "--json"], {
        env: { FAL_KEY: "a:key" },
        imports: [preload],
      });
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(emulator.paidPosts()).toBe(2);
      expect(JSON.parse(out)).toMatchObject({
        agree: null,
        book: null,
        calls: 2,
        billed: emulator.book.total().toFixed(),
        cached: { calls: 1 },
      });
      expect(existsSync(join(JSON.parse(out).folder, "ledger.db"))).toBe(true);
      await emulator.close();
    },
    SLOW,
  );
});
