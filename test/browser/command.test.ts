import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { trade } from "./ledger.ts";
import { stillClock } from "./served.ts";

const program = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const token = "a-token-of-some-length";

/** The command as a process of its own. */
function run(folder: string, ...flags: string[]) {
  const { FAL_METER_STORE: _store, FAL_METER_DASHBOARD_TOKEN: _token, ...environment } = process.env;
  const child = spawn(process.execPath, ["--import", "tsx", program, "dashboard", "--port", "0", "--json", ...flags], {
    env: { ...environment, FAL_METER_STORE: `sqlite:${join(folder, "ledger.db")}` },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let complaint = "";
  child.stderr.on("data", (data) => {
    complaint += data;
  });
  const ended = once(child, "close").then(([code]) => ({ code: code as number, complaint }));
  const started = once(createInterface(child.stdout), "line").then(
    ([line]) => JSON.parse(line as string) as { url: string; store: string },
  );
  return { child, ended, started };
}

/** `fetch` sets the Host header by itself. */
async function statusUnder(host: string, url: string): Promise<number | undefined> {
  const asked = get(url, { headers: { host } });
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "fal-meter-dashboard-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe("fal-meter dashboard", () => {
  it("shows a ledger on loopback, from before it exists, and ends well on Ctrl-C", async () => {
    const folder = newFolder();
    const { child, started, ended } = run(folder);
    const { url } = await started;
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect((await fetch(`${url}api/summary`)).status).toBe(404);

    const store = await openSqliteStore(join(folder, "ledger.db"));
    await trade(store, stillClock, 20);
    await store.close();
    const summary = (await (await fetch(`${url}api/groups?range=all`)).json()) as { groups: unknown[] };
    expect(summary.groups.length).toBeGreaterThan(1);
    expect(await (await fetch(url)).text()).toContain("fal-meter");

    child.kill("SIGINT");
    expect(await ended).toEqual({ code: 0, complaint: "" });
  });

  it("listens where others reach it only with a token, and says so", async () => {
    const { ended } = run(newFolder(), "--host", "0.0.0.0");
    const { code, complaint } = await ended;
    expect(code).toBe(2);
    expect(complaint).toContain("--token");
  });

  it("asks for the token that it was given", async () => {
    const { child, started, ended } = run(newFolder(), "--token", token, "--allow-host", "costs.example.com");
    const { url } = await started;
    expect((await fetch(`${url}metrics`)).status).toBe(401);
    expect(await statusUnder("costs.example.com", url)).toBe(401);
    expect(await statusUnder("other.example.com", url)).toBe(403);
    expect((await fetch(`${url}metrics`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
  });

  it("refuses a port that is none", async () => {
    expect((await run(newFolder(), "--port", "70000").ended).code).toBe(2);
  });
});
