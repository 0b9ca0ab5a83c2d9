import { beforeAll, describe, expect, it } from "vitest";
import { emptyFolder, isPlain, run } from "./command.ts";
import { ledgerOf } from "./ledger.ts";

let ledger: Awaited<ReturnType<typeof ledgerOf>>;
const input = { prompt: "a boat", image_size: "square_hd" as const, seed: 1 };

beforeAll(async () => {
  ledger = await ledgerOf({}, async (client) => {
    for (let call = 0; call < 4; call += 1) await client.run("fal-ai/flux/dev", { input });
    await client.run("fal-ai/flux/dev", { input: { ...input, seed: 2 } });
    await client.run("fal-ai/flux/schnell", { input });
  });
});

const asked = (...args: string[]) => run(["what-if", ...args], { cwd: ledger.folder });
const told = async (...args: string[]) => JSON.parse((await asked(...args, "--json")).out);

describe("fal-meter what-if", () => {
  it("says what a cache would have saved, side by side", async () => {
    const { code, out, err } = await asked("--cache", "24h");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^spent\s+\$0\.128\s+\$0\.053$/m);
    expect(out).toMatch(/^bought\s+6\s+3$/m);
    expect(out).toContain("$0.075 less would have been spent.");
    expect(isPlain(out)).toBe(true);
  });

  it("prices the same inputs at another endpoint", async () => {
    const { would, unpriced } = await told("--model", "fal-ai/flux/dev=fal-ai/flux/schnell");
    expect([would.spent, unpriced]).toEqual(["0.018", 0]);
  });

  it("says how many calls nobody can price at the other endpoint, and leaves their cost", async () => {
    const { out } = await asked("--model", "fal-ai/flux/dev=acme/nowhere");
    expect(out).toContain("5 calls could not be priced");
    expect(out).toContain("It would have cost the same.");
  });

  it("tries budgets, one of them on some endpoints alone", async () => {
    expect(await told("--budget", "0.06/day")).toMatchObject({ would: { refused: 3, spent: "0.053" } });
    expect(await told("--budget", "0.06/day:fal-ai/flux/d*")).toMatchObject({ would: { refused: 3 } });
    expect(await told("--budget", "0.001/total:acme/*")).toMatchObject({ would: { refused: 0 } });
  });

  it("says so where there is no ledger", async () => {
    expect((await run(["what-if", "--cache", "1h"], { cwd: emptyFolder() })).out).toContain("There is no ledger");
  });

  it.each([
    [[]],
    [["--cache", "soon"]],
    [["--model", "a"]],
    [["--budget", "5/fortnight"]],
    [["--last", "x", "--cache", "1h"]],
  ])("ends with 2 and one line for %j", async (args) => {
    const { code, out, err } = await asked(...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err.trim().split("\n")).toHaveLength(1);
  });
});
