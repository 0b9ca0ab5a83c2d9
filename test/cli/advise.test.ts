import { describe, expect, it } from "vitest";
import { emptyFolder, isPlain, run } from "./command.ts";
import { ledgerOf } from "./ledger.ts";

describe("fal-meter advise", () => {
  it("tells of the same call bought again, and of sizes that would do smaller", async () => {
    const { folder } = await ledgerOf({}, async (client) => {
      const input = { prompt: "a boat", image_size: "square_hd" as const, seed: 1 };
      for (let call = 0; call < 3; call += 1) await client.run("fal-ai/flux-pro/v1.1", { input });
      await client.run("fal-ai/flux-pro/v1.1", { input: { ...input, seed: 2 } });
    });
    const { code, out, err } = await run(["advise"], { cwd: folder });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("512 × 512 pixels would have saved $0.04");
    expect(isPlain(out)).toBe(true);
    const { advice } = JSON.parse((await run(["advise", "--json"], { cwd: folder })).out);
    const kinds = advice.map(({ kind, saving }: { kind: string; saving: string }) => [kind, saving]);
    expect(kinds).toEqual(
      expect.arrayContaining([
        ["repeated-requests", "0.08"],
        ["smaller-size", "0.04"],
      ]),
    );
  });

  it("says that nothing stands out where nothing does", async () => {
    const { folder } = await ledgerOf({}, (client) => client.run("fal-ai/recraft-v3", { input: { prompt: "a boat" } }));
    expect((await run(["advise"], { cwd: folder })).out).toContain("Nothing stands out");
  });

  it("says so where there is no ledger, and ends with 2 for a time that is none", async () => {
    expect((await run(["advise"], { cwd: emptyFolder() })).out).toContain("There is no ledger");
    const { code, err } = await run(["advise", "--last", "long"], { cwd: emptyFolder() });
    expect(code).toBe(2);
    expect(err).toContain("--last");
  });
});
