import { startEmulator } from "fal-meter/emulator";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { emptyFolder, isPlain, run } from "./command.ts";

const flux = "fal-ai/flux/dev";

describe("fal-meter prices", () => {
  it("lists the unit prices that are known, with where they are from", async () => {
    const { code, out, err } = await run(["prices", "flux/"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/fal-ai\/flux\/dev\s+\$0\.025\s+megapixels\s+bundled price list\s+2026-07-28/);
    expect(out).not.toContain("veo3");
    expect(isPlain(out)).toBe(true);
  });

  it("lists all of them as one JSON document", async () => {
    const { prices } = JSON.parse((await run(["prices", "--json"])).out);
    expect(prices.length).toBeGreaterThan(700);
    expect(prices.find(({ endpointId }: { endpointId: string }) => endpointId === flux)).toMatchObject({
      unitPrice: "0.025",
      unit: "megapixels",
      onRateCard: false,
    });
  });

  it("says where nothing matches, and shows one endpoint", async () => {
    expect((await run(["prices", "nothing-like-it"])).out).toContain("No price is known");
    expect((await run(["prices", "show", flux])).out).toContain("bundled price list");
    expect(await run(["prices", "show", "no endpoint"])).toMatchObject({ code: 2 });
  });

  it("tells a price that nobody knows from one of published tiers, of the rate card, or that is doubted", async () => {
    const show = async (endpointId: string) => {
      const { code, out } = await run(["prices", "show", endpointId]);
      return [code, out];
    };
    expect(await show("acme/never-seen")).toEqual([3, expect.stringContaining("No price is known of acme/never-seen")]);
    expect(await show("fal-ai/nano-banana-2/edit")).toEqual([
      0,
      expect.stringMatching(/\$0\.08\s+images\s+published tiers/),
    ]);
    expect(await show("fal-ai/recraft-v3/create-style")).toEqual([0, expect.stringMatching(/–\s+–\s+rate card/)]);
    expect(await show("fal-ai/flux-lora-fast-training")).toEqual([0, expect.stringContaining("ten times too high")]);
  });

  it("reads live prices into the ledger, and tells where they differ", async () => {
    const emulator = await startEmulator({ prices: { [flux]: { unit: "megapixels", unitPrice: "0.03" } } });
    onTestFinished(() => emulator.close());
    const cwd = emptyFolder();
    const store = `sqlite:${cwd}/prices.db`;
    const sync = await run(["prices", "sync", "--emulator", emulator.url, "--store", store], {
      env: { FAL_KEY: "id:secret" },
    });
    expect(sync).toMatchObject({ code: 0, err: "" });
    expect(sync.out).toMatch(/^\d{3} prices read, 0 of them changed/);
    const { differences } = JSON.parse((await run(["prices", "diff", "--store", store, "--json"])).out);
    expect(differences.find(({ endpointId }: { endpointId: string }) => endpointId === flux)).toMatchObject({
      bundled: "0.025",
      live: "0.03",
    });
    expect((await run(["prices", "diff", "--store", store])).out).toMatch(
      /fal-ai\/flux\/dev\s+\$0\.025 *\s+\$0\.03\s+\+20 %/,
    );
    expect(JSON.parse((await run(["prices", "show", flux, "--store", store, "--json"])).out)).toMatchObject({
      unitPrice: "0.03",
      live: [{ unitPrice: "0.03", from: null }],
    });
  });

  it("fails, and says why, where fal cannot be asked", async () => {
    const { code, out } = await run([
      "prices",
      "sync",
      flux,
      "--emulator",
      "http://127.0.0.1:1",
      "--store",
      `sqlite:${emptyFolder()}/prices.db`,
    ]);
    expect([code, out]).toEqual([1, expect.stringContaining("Not all could be asked for")]);
  });
});

describe("with a ledger of wrong prices", () => {
  let store: string;
  let emulator: Awaited<ReturnType<typeof startEmulator>>;

  beforeAll(async () => {
    emulator = await startEmulator({ prices: { [flux]: { unit: "megapixels", unitPrice: "0.04" } } });
    const { createFalClient } = await import("fal-meter");
    store = `sqlite:${emptyFolder()}/ledger.db`;
    const client = createFalClient({ credentials: "none", fetch: emulator.fetch, meter: { store } });
    for (let at = 0; at < 3; at++)
      await client.run(flux, { input: { prompt: "a boat", image_size: "square_hd" as const } });
    await client.meter.close();
    return () => emulator.close();
  });

  it("corrects by fal's billing, names the drift, and changes nothing the second time", async () => {
    const reconcile = ["reconcile", "--billing", "--emulator", emulator.url, "--store", store];
    const env = { FAL_KEY: "admin:secret" };
    const first = await run(reconcile, { env });
    expect(first).toMatchObject({ code: 0, err: "" });
    expect(first.out).toContain("3 purchases held against fal's billing: 3 corrected, 0 not in it (yet).");
    expect(first.out).toMatch(/fal-ai\/flux\/dev\s+\d{4}-\d\d-\d\d\s+3\s+\$0\.075\s+\$0\.12 *\s+\$0\.045/);
    expect((await run(reconcile, { env })).out).toContain("3 purchases held against fal's billing: 0 corrected");
    expect((await run(["spend", "--store", store])).out).toContain("$0.12 spent");
    const { drift } = JSON.parse((await run(["prices", "drift", "--store", store, "--json"])).out);
    expect(drift).toMatchObject([{ endpointId: flux, outside: 3, healed: true, highest: "0.04" }]);
    expect((await run(["prices", "drift", "--store", store])).out).toMatch(/fal-ai\/flux\/dev\s+3\s+3\s/);
  });

  it("estimates by what its bills taught", async () => {
    const input = '{"image_size":"square_hd"}';
    const { out } = await run(["estimate", flux, "--input", input, "--store", store, "--json"]);
    expect(JSON.parse(out)).toMatchObject({ expected: "0.04", basis: "learned" });
    expect(JSON.parse((await run(["estimate", flux, "--input", input, "--json"])).out).expected).toBe("0.025");
  });

  it("fails without an admin key, and says so", async () => {
    const { code, out } = await run(["reconcile", "--billing", "--emulator", emulator.url, "--store", store], {
      env: { FAL_KEY: "id:secret" },
    });
    expect([code, out]).toEqual([1, expect.stringContaining("admin key")]);
  });
});

describe("where there is no ledger", () => {
  it.each([[["prices", "drift"]], [["reconcile"]], [["reconcile", "--billing"]]])(
    "%j says so and makes none",
    async (args) => {
      const { code, out } = await run(args);
      expect([code, out]).toEqual([0, expect.stringContaining("There is no ledger")]);
    },
  );
});

describe("fal-meter estimate --compare", () => {
  it("prices one input at several endpoints, the cheapest first and the unknown last", async () => {
    const { code, out } = await run([
      "estimate",
      flux,
      "--compare",
      "fal-ai/flux/schnell, acme/unknown",
      "--input",
      '{"image_size":"square_hd"}',
    ]);
    expect(code).toBe(0);
    const lines = out.split("\n").filter((line) => line.includes("/"));
    expect(lines.map((line) => line.split(/\s+/)[0])).toEqual(["fal-ai/flux/schnell", flux, "acme/unknown"]);
    expect(await run(["estimate", flux, "--compare", "not an endpoint"])).toMatchObject({ code: 2 });
  });
});
