import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSqliteStore } from "fal-meter/sqlite";
import { describe, expect, it } from "vitest";
import { emptyFolder, environment, isPlain, MAIN, run, TSX } from "./command.ts";
import { ledgerOf } from "./ledger.ts";

describe("fal-meter", () => {
  it("gives its version", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await run(["--version"])).toEqual({ code: 0, out: `${version}\n`, err: "" });
  });

  it.each([
    ["no command", []],
    ["an unknown command", ["estimte", "fal-ai/flux/dev"]],
    ["an unknown option", ["spend", "--colour"]],
    ["a missing argument", ["estimate"]],
  ])("ends with 2 for %s", async (_name, args) => {
    const { code, out, err } = await run(args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).not.toBe("");
  });

  it("ends with 1 and one line for a ledger that is none", async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, "ledger.db"), "this is a letter, not a ledger. ".repeat(100));
    for (const command of ["spend", "budget"]) {
      const { code, out, err } = await run([command, "--store", "sqlite:ledger.db"], { cwd: folder });
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toMatch(/^fal-meter: The ledger sqlite:ledger\.db is corrupt: .*\n$/);
    }
  });

  it("is quiet when its reader has seen enough", async () => {
    const line = `"${process.execPath}" --import "${TSX}" "${MAIN}" estimate fal-ai/flux/dev --json | true`;
    const shell = spawn("sh", ["-c", line], { env: environment(), stdio: ["ignore", "ignore", "pipe"] });
    let err = "";
    shell.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    await new Promise((resolve) => shell.on("close", resolve));
    expect(err).toBe("");
  });

  it("shows what a ledger says and obeys none of it", async () => {
    const evil = "\u001b[2J\u001b]0;owned\u0007\u009b31mred\r\nspent $0.00\u202e";
    const { folder, store } = await ledgerOf(
      { budgets: [{ name: `cap ${evil}`, limit: 1, per: "day", splitBy: "tag:customer" }] },
      (client) =>
        client.with({ tags: { customer: `acme${evil}` } }).run("fal-ai/flux/schnell", { input: { prompt: "a boat" } }),
    );
    const opened = await openSqliteStore(store.slice("sqlite:".length));
    const [entry] = await opened.entries({ limit: 1 });
    await opened.record({ ...entry!, id: "another", kind: "hit", outcome: "hit", endpointId: `fal-ai/evil${evil}` });
    await opened.close();
    for (const args of [
      ["spend", "--by", "endpoint,tag:customer"],
      ["spend", "--by", "tag:customer", "--json"],
      ["budget"],
      ["budget", "--json"],
    ]) {
      const { code, out } = await run(args, { cwd: folder });
      expect(code).toBe(0);
      expect(out).toContain("acme");
      expect(isPlain(out)).toBe(true);
      expect(out).not.toContain("\u202e");
      expect(out.split("\n").some((line) => line.startsWith("spent $0.00"))).toBe(false);
    }
    const { groups } = JSON.parse((await run(["spend", "--by", "endpoint", "--json"], { cwd: folder })).out);
    expect(groups.map(({ key }: { key: { endpoint: string } }) => key.endpoint)).toContain(`fal-ai/evil${evil}`);
  });

  it("repeats no escape codes of a command line that it refuses", async () => {
    const { code, err } = await run(["spend", "--by", "\u001b[31mred"]);
    expect(code).toBe(2);
    expect(isPlain(err)).toBe(true);
    expect(isPlain((await run(["spend", "--\u001b[31mred"])).err)).toBe(true);
  });
});
