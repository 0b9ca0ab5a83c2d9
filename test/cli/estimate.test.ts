import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyFolder, isPlain, run } from "./command.ts";

describe("fal-meter estimate", () => {
  it("shows bounds, working, basis, source and age", async () => {
    const { code, out } = await run([
      "estimate",
      "fal-ai/flux-pro/v1.1",
      "--input",
      '{"image_size": "square_hd", "num_images": 2}',
    ]);
    expect(code).toBe(0);
    expect(out).toMatch(/low\s+expected\s+high/);
    expect(out).toMatch(/\$0\.08\s+\$0\.08\s+\$0\.08/);
    expect(out).toMatch(/2\s+image\s+\$0\.04\s+\$0\.08/);
    expect(out).toMatch(/basis\s+rate-card, exact/);
    expect(out).toMatch(/as of\s+2026-11-01/);
    expect(isPlain(out)).toBe(true);
  });

  it("prints one JSON document with exact amounts", async () => {
    const { code, out } = await run(["estimate", "fal-ai/flux-pro/v1.1", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ low: "0.04", expected: "0.04", high: "0.04", basis: "rate-card" });
  });

  it("explains itself in words and names cheaper ways, the most saving first", async () => {
    const input = '{"image_size": "square_hd", "num_images": 4}';
    const { out } = await run(["estimate", "fal-ai/flux-pro/v1.1", "--input", input, "--explain"]);
    expect(out).toMatch(/4 images of 1024×1024 .* × \$0\.04 an image = \$0\.16/);
    expect(out).toMatch(/one image\s+\$0\.04\s+\$0\.12/);
    const document = JSON.parse(
      (await run(["estimate", "fal-ai/flux-pro/v1.1", "--input", input, "--explain", "--json"])).out,
    );
    const saves = document.alternatives.map((each: { saves: string }) => Number(each.saves));
    expect(saves[0]).toBe(0.12);
    expect(saves).toEqual([...saves].sort((a, b) => b - a));
  });

  it("names cheaper models of the same family", async () => {
    const { out } = await run(["estimate", "fal-ai/veo3.1", "--explain"]);
    expect(out).toMatch(/fal-ai\/veo3\.1\/fast\s+\$1\.20\s+\$2\.00\s+the same/);
  });

  it("needs no ledger: one that is in no file is left out unless it is asked for", async () => {
    const env = { FAL_METER_STORE: "memory:" };
    expect(await run(["estimate", "fal-ai/flux/dev"], { env })).toMatchObject({ code: 0, err: "" });
    expect(await run(["estimate", "fal-ai/flux/dev", "--store", "memory:"])).toMatchObject({ code: 2 });
  });

  it("reads its input from a file", async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, "input.json"), '{"image_size": "square", "num_images": 3}');
    const { code, out } = await run(["estimate", "fal-ai/flux-pro/v1.1", "--input", "@input.json", "--json"], {
      cwd: folder,
    });
    expect(code).toBe(0);
    expect(JSON.parse(out).expected).toBe("0.06");
  });

  it("says why a price is unknown and what to do, and ends with 3", async () => {
    const { code, out } = await run(["estimate", "fal-ai/nobody/knows"]);
    expect(code).toBe(3);
    expect(out).toContain("the price is unknown");
    expect(out).toContain("rates");
    const json = await run(["estimate", "fal-ai/nobody/knows", "--json"]);
    expect(json.code).toBe(3);
    expect(JSON.parse(json.out)).toMatchObject({ expected: null, basis: "unknown" });
  });

  it.each([
    ["an endpoint that is none", ["flux"], "<endpoint>"],
    ["an input that is no JSON", ["fal-ai/flux/dev", "--input", "{oh"], "--input"],
    ["an input that is no object", ["fal-ai/flux/dev", "--input", "[1]"], "--input"],
    ["a file that is not there", ["fal-ai/flux/dev", "--input", "@none.json"], "--input"],
    ["an input that no call can mean", ["fal-ai/flux/dev", "--input", '{"num_images": -1}'], "input.num_images"],
  ])("ends with 2 and one line for %s", async (_name, args, option) => {
    const { code, out, err } = await run(["estimate", ...args]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(err).toContain(option);
  });

  it("repeats nothing of an input that it cannot read", async () => {
    const { err } = await run(["estimate", "fal-ai/flux/dev", "--input", '{"prompt": "a secret plan']);
    expect(err).not.toContain("secret");
  });
});
