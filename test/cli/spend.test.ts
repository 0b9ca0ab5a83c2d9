import { existsSync, readdirSync } from "node:fs";
import { openSqliteStore } from "fal-meter/sqlite";
import { beforeAll, describe, expect, it } from "vitest";
import { emptyFolder, isPlain, run, start } from "./command.ts";
import { ledgerOf } from "./ledger.ts";

let ledger: Awaited<ReturnType<typeof ledgerOf>>;

beforeAll(async () => {
  ledger = await ledgerOf({ cache: { ttl: "1h" }, budgets: [{ limit: "0.30", per: "total" }] }, async (client) => {
    const input = { prompt: "a boat", image_size: "square_hd" as const, seed: 1 };
    const acme = client.with({ tags: { customer: "acme" } });
    await acme.run("fal-ai/flux/dev", { input });
    await acme.run("fal-ai/flux/dev", { input });
    await client.with({ tags: { customer: "globex" } }).run("fal-ai/flux/schnell", { input });
    await client.run("fal-ai/veo3.1", { input: { prompt: "a storm" } }).catch(() => {});
  });
});

describe("fal-meter spend", () => {
  it("puts totals on top and a line for every endpoint under them", async () => {
    const { code, out, err } = await run(["spend"], { cwd: ledger.folder });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("$0.028 spent · $0.00 held · $0.025 saved");
    expect(out).toContain("2 calls · 1 cached · 0 joined · 1 refused · 0 of unknown cost");
    expect(out).toMatch(/fal-ai\/flux\/dev\s+\$0\.025\s+89 %\s+1\s/);
    expect(out).toMatch(/fal-ai\/flux\/schnell\s+\$0\.003\s+11 %\s+1\s/);
    expect(isPlain(out)).toBe(true);
  });

  it("lines numbers up on the right, points under points", async () => {
    const { out } = await run(["spend"], { cwd: ledger.folder });
    const points = out
      .split("\n")
      .filter((line) => /^fal-ai\/flux/.test(line))
      .map((line) => line.indexOf(".0", line.indexOf("$")));
    expect(points).toHaveLength(2);
    expect(new Set(points).size).toBe(1);
  });

  it("splits by several parts at once", async () => {
    const { out } = await run(["spend", "--by", "tag:customer, endpoint"], { cwd: ledger.folder });
    expect(out).toMatch(/acme\s+fal-ai\/flux\/dev\s+\$0\.025/);
    expect(out).toMatch(/globex\s+fal-ai\/flux\/schnell\s+\$0\.003/);
    expect(out).toMatch(/\(none\)\s+fal-ai\/veo3\.1\s+\$0\.00/);
  });

  it("prints the same as one JSON document with exact amounts", async () => {
    const { code, out } = await run(["spend", "--by", "tag:customer", "--json"], { cwd: ledger.folder });
    expect(code).toBe(0);
    const document = JSON.parse(out);
    expect(document).toMatchObject({
      spent: "0.028",
      saved: "0.025",
      calls: 2,
      cached: 1,
      refused: 1,
      ledger: { exists: true },
    });
    expect(document.groups[0]).toMatchObject({ key: { "tag:customer": "acme" }, spent: "0.025" });
  });

  it("keeps to the endpoints and the time asked for", async () => {
    const only = await run(["spend", "--endpoint", "fal-ai/flux/s*", "--since", "1h", "--json"], {
      cwd: ledger.folder,
    });
    expect(JSON.parse(only.out).spent).toBe("0.003");
    const past = await run(["spend", "--until", "2020-01-01"], { cwd: ledger.folder });
    expect(past.code).toBe(0);
    expect(past.out).toContain("No calls are in the ledger for this.");
  });

  it("finds the ledger by --store and by FAL_METER_STORE", async () => {
    const byOption = await run(["spend", "--store", ledger.store, "--json"]);
    const byEnvironment = await run(["spend", "--json"], { env: { FAL_METER_STORE: ledger.store } });
    expect(JSON.parse(byOption.out).spent).toBe("0.028");
    expect(JSON.parse(byEnvironment.out).spent).toBe("0.028");
  });

  it("splits days where the ledger's budgets split them, and where it is told to", async () => {
    const east = await ledgerOf({ timezone: "Pacific/Kiritimati", budgets: [{ limit: 1, per: "day" }] }, (client) =>
      client.run("fal-ai/flux/schnell", { input: { prompt: "a boat" } }),
    );
    const own = JSON.parse((await run(["spend", "--by", "day", "--json"], { cwd: east.folder })).out);
    expect(own.timezone).toBe("Pacific/Kiritimati");
    expect(own.groups[0].key.day).toMatch(/T10:00:00\.000Z$/);
    const told = JSON.parse(
      (await run(["spend", "--by", "day", "--timezone", "UTC", "--json"], { cwd: east.folder })).out,
    );
    expect(told.groups[0].key.day).toMatch(/T00:00:00\.000Z$/);
  });

  it("says so where there is no ledger, and makes none", async () => {
    const folder = emptyFolder();
    const { code, out, err } = await run(["spend"], { cwd: folder });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("There is no ledger at sqlite:.fal-meter/ledger.db yet.");
    const json = await run(["spend", "--json"], { cwd: folder });
    expect(JSON.parse(json.out)).toMatchObject({ ledger: { exists: false }, spent: "0", calls: 0, groups: [] });
    const elsewhere = await run(["spend", "--store", `sqlite:${folder}/deep/ledger.db`]);
    expect(elsewhere.code).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
    expect(existsSync(`${folder}/deep`)).toBe(false);
  });

  it("shows the sums again when they have changed, until Ctrl-C", async () => {
    const watched = await ledgerOf({}, (client) => client.run("fal-ai/flux/schnell", { input: { prompt: "a boat" } }));
    const watching = start(["spend", "--watch", "50ms"], { cwd: watched.folder });
    await watching.seen(/\$0\.003 spent/);
    const store = await openSqliteStore(watched.store.slice("sqlite:".length));
    const [entry] = await store.entries({ limit: 1 });
    await store.record({
      ...entry!,
      id: "later",
      kind: "correction",
      outcome: "corrected",
      actual: 1_000_000_000n,
      about: entry!.id,
    });
    await store.close();
    await watching.seen(/\$1\.003 spent/);
    watching.child.kill("SIGINT");
    const { code, out, err } = await watching.ended;
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.match(/ spent · /g)).toHaveLength(2);
    expect(isPlain(out)).toBe(true);
  });

  it("watches as one JSON document on each line", async () => {
    const watching = start(["spend", "--watch", "50ms", "--json"], { cwd: ledger.folder });
    const seen = await watching.seen(/\n/);
    watching.child.kill("SIGTERM");
    expect(JSON.parse(seen.split("\n")[0]!)).toMatchObject({ spent: "0.028" });
    expect((await watching.ended).code).toBe(0);
  });

  it.each([
    [["--watch", "often"], "--watch"],
    [["--by", "colour"], "--by"],
    [["--since", "yesterday"], "--since"],
    [["--until", "noon"], "--until"],
    [["--timezone", "Atlantis/Capital"], "timezone"],
    [["--store", "memory:"], "--store"],
    [["--store", "postgres://localhost"], "--store"],
    [["--colour"], "--colour"],
    [["surplus"], "spend"],
  ])("ends with 2 and one line for %j", async (args, word) => {
    const { code, out, err } = await run(["spend", ...args], { cwd: ledger.folder });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(err).toContain(word);
  });
});
