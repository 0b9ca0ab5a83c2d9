import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDashboard, type DashboardOptions } from "../../src/dashboard/dashboard.ts";
import { OptionsError, StoreError } from "../../src/errors.ts";
import { createEvents } from "../../src/events.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { image, openClient, openEmulator } from "../flow/open.ts";
import { budgets, chargesOf, estimateOf, nano, trade } from "./ledger.ts";
import { afternoon, stillClock } from "./served.ts";

const token = "a-token-of-some-length";

async function tradedStore(calls = 200): Promise<Store> {
  const store = createMemoryStore();
  await trade(store, stillClock, calls);
  return store;
}

function opened(options: Partial<DashboardOptions> = {}) {
  const dashboard = createDashboard({ store: createMemoryStore(), clock: stillClock, ...options });
  const ask = (path: string, init: RequestInit & { host?: string } = {}) =>
    dashboard.fetch(new Request(`http://${init.host ?? "localhost:8788"}${path}`, init));
  return { ask, close: () => dashboard.close() };
}

async function kindOf(response: Response): Promise<[number, string]> {
  return [response.status, ((await response.json()) as { error: { kind: string } }).error.kind];
}

describe("who may read", () => {
  it.each(["localhost", "localhost:8788", "127.0.0.1:1", "127.9.9.9", "[::1]:8788", "LOCALHOST"])(
    "answers under %s",
    async (host) => {
      expect((await opened().ask("/", { host })).status).toBe(200);
    },
  );

  it.each(["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1"])(
    "refuses the host name %s, which somebody may have pointed here",
    async (host) => {
      expect(await kindOf(await opened().ask("/api/summary", { host }))).toEqual([403, "wrong-host"]);
    },
  );

  it("goes by the Host header and not by the address that a server made up", async () => {
    for (const host of ["evil.example", "localhost:8788.evil.example", "", "localhost@evil.example"]) {
      expect((await opened().ask("/", { headers: { host } })).status, host).toBe(403);
    }
  });

  it("answers under a configured name, with the token", async () => {
    const { ask } = opened({ hosts: ["Costs.example.com"], token });
    const host = "costs.example.com";
    expect((await ask("/api/budgets", { host })).status).toBe(401);
    expect((await ask("/api/budgets", { host, headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
  });

  it("is not opened to other names without a decision about the token", () => {
    expect(() => opened({ hosts: ["costs.example.com"] })).toThrow(OptionsError);
    expect(() => opened({ hosts: ["costs.example.com"], token: false })).not.toThrow();
  });

  it("never shows a refused token", () => {
    expect(() => opened({ token: "short-secret" })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("short-secret") }),
    );
  });
});

describe("the token", () => {
  it("is needed for everything, the page and the metrics included", async () => {
    const { ask } = opened({ token });
    for (const path of ["/", "/app.js", "/api/summary", "/api/events", "/metrics", "/nothing"])
      expect((await ask(path)).status).toBe(401);
    for (const wrong of ["Bearer wrong", `Bearer ${token}x`, `Basic ${token}`, "Bearer", ""]) {
      expect((await ask("/", { headers: { authorization: wrong } })).status).toBe(401);
    }
  });

  it("is traded for a cookie that scripts cannot read, other sites cannot send, and that is not the token", async () => {
    const { ask } = opened({ token, basePath: "/costs" });
    const entry = await ask(`/costs/?token=${token}`);
    const cookie = entry.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^fal_meter_dashboard=[\w-]{43}; Path=\/costs\/; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain(token);
    expect(await entry.text()).not.toContain(token);
    const [pair = ""] = cookie.split(";");
    expect((await ask("/costs/api/budgets", { headers: { cookie: `a=b; ${pair}` } })).status).toBe(200);
    expect((await ask("/costs/api/budgets", { headers: { cookie: `${pair}x` } })).status).toBe(401);
    expect((await ask(`/costs/?token=${token}x`)).status).toBe(401);
  });

  it("marks the cookie as one for https where the page came by it", async () => {
    const dashboard = createDashboard({ store: createMemoryStore(), token });
    const entry = await dashboard.fetch(new Request(`https://localhost/?token=${token}`));
    expect(entry.headers.get("set-cookie")).toContain("; Secure");
  });
});

describe("answers", () => {
  it.each(["/", "/app.js", "/api/summary", "/metrics", "/nothing", "/api/summary?range=never"])(
    "guard %s",
    async (path) => {
      const { headers } = await opened().ask(path);
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain("unsafe");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    },
  );

  it.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("are for readers only: %s is refused", async (method) => {
    const response = await opened().ask("/api/summary", { method });
    expect(response.headers.get("allow")).toBe("GET, HEAD");
    expect(await kindOf(response)).toEqual([405, "read-only"]);
  });

  it("answer HEAD without a body, and without a listener for the events", async () => {
    const { ask } = opened();
    for (let count = 0; count < 40; count += 1) expect((await ask("/api/events", { method: "HEAD" })).status).toBe(200);
    const page = await ask("/", { method: "HEAD" });
    expect([page.status, await page.text()]).toEqual([200, ""]);
  });

  it("serve the page whole: every file it names is there, and none comes from elsewhere", async () => {
    const { ask } = opened({ basePath: "/costs" });
    const page = await (await ask("/costs/")).text();
    const named = [...page.matchAll(/(?:href|src)="([^"#]+)"/g)]
      .map(([, address = ""]) => address)
      .filter((address) => !address.startsWith("data:"));
    expect(named).toContain("app.js");
    for (const address of named) {
      expect(address).not.toMatch(/^(\w+:)?\//);
      expect((await ask(`/costs/${address}`)).status, address).toBe(200);
    }
    expect(page).not.toMatch(/\son\w+=|\sstyle=|<script(?![^>]*src=)/);
    expect((await ask("/costs")).headers.get("location")).toBe("/costs/");
  });

  it("serve every script that a script asks for", async () => {
    const { ask } = opened();
    const seen = new Set(["app.js"]);
    for (const name of seen) {
      const text = await (await ask(`/${name}`)).text();
      for (const [, other = ""] of text.matchAll(/from "\.\/([\w.]+)"/g)) seen.add(other);
      expect(text.length, name).toBeGreaterThan(100);
    }
    expect(seen.size).toBeGreaterThan(10);
    expect((await ask("/uplot.js")).status).toBe(200);
  });

  it("let a browser keep what has not changed", async () => {
    const { ask } = opened();
    const tag = (await ask("/style.css")).headers.get("etag") ?? "";
    expect((await ask("/style.css", { headers: { "if-none-match": tag } })).status).toBe(304);
  });

  it.each(["/../package.json", "/page/app.js", "/__proto__", "/constructor", "/%2e%2e%2fpackage.json"])(
    "have no file at %s",
    async (path) => {
      expect((await opened().ask(path)).status).toBe(404);
    },
  );
});

describe("the data", () => {
  it("carries amounts as exact decimal strings", async () => {
    const store = createMemoryStore();
    const purchase = {
      endpointId: "fal-ai/flux/dev",
      transport: "queue" as const,
      tags: {},
      key: null,
      digest: null,
      estimate: estimateOf("0.1"),
    };
    for (const id of ["a", "b", "c"]) {
      await store.hold({ id, at: afternoon, amount: nano("0.1"), charges: [], purchase });
      const post = { amount: nano("0.100000001") };
      await store.settle(id, {
        at: afternoon,
        outcome: "charged",
        requestId: id,
        post,
        basis: "billed-units",
        billableUnits: "1",
        note: null,
      });
    }
    const { ask } = opened({ store });
    const summary = (await (await ask("/api/summary")).json()) as { today: { spent: string } };
    expect(summary.today.spent).toBe("0.300000003");
    const { calls } = (await (await ask("/api/calls?limit=1")).json()) as { calls: { actual: string }[] };
    expect(calls.map(({ actual }) => actual)).toEqual(["0.100000001"]);
  });

  it("adds up: the series, the models and the tags come to what the range spent", async () => {
    const { ask } = opened({ store: await tradedStore() });
    const cents = (amounts: readonly string[]) => amounts.reduce((sum, amount) => sum + nano(amount), 0n);
    for (const range of ["today", "24h", "7d", "30d", "90d", "month", "all"]) {
      const of = async (path: string) =>
        (await ask(`/api/${path}${path.includes("?") ? "&" : "?"}range=${range}`)).json();
      const summary = (await of("summary")) as { range: { spent: string } };
      const series = (await of("series")) as { total: string[]; lines: { spent: string[] }[] };
      const models = (await of("groups?by=endpoint")) as { groups: { spent: string }[] };
      const tags = (await of("groups?by=tag")) as { groups: { spent: string }[] };
      const spent = nano(summary.range.spent);
      expect(cents(series.total), range).toBe(spent);
      expect(cents(series.lines.flatMap((line) => line.spent)), range).toBe(spent);
      expect(cents(models.groups.map((group) => group.spent)), range).toBe(spent);
      expect(cents(tags.groups.map((group) => group.spent)), range).toBe(spent);
    }
  });

  it("pages through every call once, filtered or not", async () => {
    const { ask } = opened({ store: await tradedStore() });
    for (const filter of [
      "",
      "&endpoint=fal-ai/flux*",
      "&tag=customer&value=acme",
      "&range=custom&since=2026-11-01&until=2026-11-05",
    ]) {
      const seen: { seq: number; endpointId: string; tags: Record<string, string>; sentAt: string }[] = [];
      let next: number | null = 0;
      while (next !== null) {
        const page = (await (
          await ask(
            `/api/calls?range=all&limit=7&before=${next}${filter}`.replace(
              "range=all&limit",
              filter.includes("range") ? "limit" : "range=all&limit",
            ),
          )
        ).json()) as { calls: typeof seen; next: number | null };
        seen.push(...page.calls);
        next = page.next;
      }
      expect(new Set(seen.map(({ seq }) => seq)).size).toBe(seen.length);
      expect(seen.length).toBeGreaterThan(10);
      if (filter === "") expect(seen.length).toBe(200);
      if (filter.includes("flux"))
        expect(seen.every(({ endpointId }) => endpointId.startsWith("fal-ai/flux"))).toBe(true);
      if (filter.includes("acme")) expect(seen.every(({ tags }) => tags.customer === "acme")).toBe(true);
      if (filter.includes("since"))
        expect(seen.every(({ sentAt }) => sentAt >= "2026-11-01" && sentAt < "2026-11-05")).toBe(true);
    }
  });

  it("cuts days in the zone of the ledger's budgets, or in the one asked for", async () => {
    const store = await tradedStore(1);
    await store.putNote({
      kind: "budget",
      key: "b",
      value: JSON.stringify({ budget: budgets[0], timezone: "Asia/Tokyo", weekStart: "monday" }),
      at: afternoon,
      expiresAt: null,
    });
    for (const { key } of await store.listNotes("budget", afternoon))
      if (key !== "b") await store.deleteNote("budget", key);
    const zone = async (options: Partial<DashboardOptions>) =>
      (await (await opened({ store, ...options }).ask("/api/summary?range=today")).json()) as {
        timezone: string;
        range: { since: string };
      };
    expect(await zone({})).toMatchObject({ timezone: "Asia/Tokyo", range: { since: "2026-11-11T15:00:00.000Z" } });
    expect(await zone({ timezone: "UTC" })).toMatchObject({
      timezone: "UTC",
      range: { since: "2026-11-11T00:00:00.000Z" },
    });
  });

  it("tells of a budget that is nearly spent, of one that will be, and of a call that nobody decided", async () => {
    const store = await tradedStore(300);
    const at = afternoon - 7_200_000;
    const call = { endpointId: "fal-ai/flux/dev", tags: { customer: "acme" } };
    const purchase = { ...call, transport: "queue" as const, key: null, digest: null, estimate: estimateOf("30") };
    await store.hold({ id: "lost", at, amount: nano("30"), charges: chargesOf(call, at), purchase });
    await store.doubt("lost", "the connection was lost", at);
    const outlook = (await (await opened({ store }).ask("/api/advice")).json()) as {
      alerts: { kind: string; title: string }[];
      forecast: object | null;
    };
    const kinds = outlook.alerts.map(({ kind }) => kind);
    expect(kinds).toContain("hold-undecided");
    expect(outlook.alerts.find(({ title }) => title.includes('"Everything"'))?.kind).toMatch(
      /usage-threshold|budget-exhausted/,
    );
    expect(outlook.forecast).toMatchObject({ month: "2026-11" });
  });

  it("advises what the meter advises", async () => {
    const store = createMemoryStore();
    const emulator = await openEmulator();
    const { meter, fal } = openClient(emulator, { store, clock: stillClock });
    for (let call = 0; call < 5; call += 1) await fal.run(image, { input: { prompt: "the same", seed: 7 } });
    for (let call = 0; call < 5; call += 1)
      await fal.run("fal-ai/veo3.1/fast", { input: { prompt: `boat ${call}`, duration: "8s" } });
    const told = (await meter.advise()).map(({ title, saving }) => [title, saving.toFixed()]);
    expect(told.length).toBeGreaterThan(1);
    const { advice } = (await (await opened({ store }).ask("/api/advice")).json()) as {
      advice: { title: string; saving: string }[];
    };
    expect(advice.map(({ title, saving }) => [title, saving])).toEqual(told);
  });

  it("tells of what the meter was refused, which the ledger's figures do not say", async () => {
    const events = createEvents();
    const { ask } = opened({ meter: events, store: await tradedStore(1) });
    events.emit({ type: "rate-limited", at: afternoon, endpointId: "fal-ai/flux/dev", retryAfterMs: null });
    const { alerts } = (await (await ask("/api/advice")).json()) as { alerts: { kind: string }[] };
    expect(alerts.map(({ kind }) => kind)).toContain("rate-limited");
  });

  it("says that there is no ledger, and shows it once there is one", async () => {
    let store: Store | undefined;
    const { ask } = opened({ store: async () => store });
    expect(await kindOf(await ask("/api/summary"))).toEqual([404, "no-ledger"]);
    expect(await (await ask("/metrics")).text()).toContain("fal_meter_up 0");
    store = createMemoryStore();
    expect((await ask("/api/summary")).status).toBe(200);
  });

  it("says why a ledger cannot be read, and nothing of a fault of its own", async () => {
    const failing = (error: Error) =>
      opened({ store: { ...createMemoryStore(), totals: () => Promise.reject(error) } });
    expect(await kindOf(await failing(new StoreError("sqlite:x", "busy", "locked")).ask("/api/summary"))).toEqual([
      503,
      "ledger-failed",
    ]);
    const fault = await failing(new TypeError("secret detail")).ask("/api/summary");
    expect(fault.status).toBe(500);
    expect(await fault.text()).not.toContain("secret detail");
  });

  it.each([
    ["an unknown range", "/api/summary?range=never"],
    ["too many calls at once", "/api/calls?limit=201"],
    ["no calls", "/api/calls?limit=0"],
    ["a page before nothing", "/api/calls?before=-1"],
    ["half a call", "/api/calls?limit=1.5"],
    ["more periods than a picture holds", "/api/series?range=90d&per=hour"],
    ["a glob that takes long to match", "/api/summary?endpoint=*a*a*a*a*"],
    ["a long endpoint", `/api/summary?endpoint=${"a".repeat(300)}`],
    ["a long tag", `/api/summary?tag=${"a".repeat(65)}&value=x`],
    ["dates the wrong way round", "/api/summary?range=custom&since=2026-11-05&until=2026-11-01"],
    ["no date", "/api/summary?range=custom&since=soon"],
    ["groups by what there are none of", "/api/groups?by=colour"],
  ])("refuses %s", async (_what, path) => {
    expect(await kindOf(await opened({ store: await tradedStore(1) }).ask(path))).toEqual([400, "bad-request"]);
  });

  it("answers any address with a status that means something", async () => {
    const { ask } = opened({ store: await tradedStore(20) });
    const names = fc.constantFrom("summary", "series", "groups", "calls", "budgets", "advice");
    const parameter = fc.tuple(
      fc.constantFrom("range", "endpoint", "tag", "value", "per", "since", "until", "by", "name", "limit", "before"),
      fc.oneof(fc.string(), fc.constantFrom("custom", "all", "tag", "hour", "5", "*")),
    );
    await fc.assert(
      fc.asyncProperty(names, fc.array(parameter, { maxLength: 4 }), async (name, parameters) => {
        const { status } = await ask(`/api/${name}?${new URLSearchParams(parameters)}`);
        expect([200, 400]).toContain(status);
      }),
      { numRuns: 150 },
    );
  });
});

describe("live events", () => {
  const reader = (response: Response) => {
    const stream = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    return {
      async until(wanted: string) {
        while (!text.includes(wanted)) {
          const { done, value } = await stream.read();
          if (done) throw new Error(`the stream ended before ${wanted}: ${text}`);
          text += value;
        }
        return text;
      },
      ended: async () => {
        while (!(await stream.read()).done);
        return true;
      },
    };
  };

  it("tell that another process wrote to the ledger", async () => {
    const store = await tradedStore(1);
    const { ask, close } = opened({ store });
    const events = reader(await ask("/api/events"));
    await events.until("event: hello");
    await trade(store, stillClock, 0);
    await store.hold({
      id: "new",
      at: afternoon,
      amount: 1n,
      charges: [],
      purchase: { endpointId: "a", transport: "run", tags: {}, key: null, digest: null, estimate: estimateOf("0.1") },
    });
    await events.until("event: change");
    close();
    expect(await events.ended()).toBe(true);
  });

  it("tell what the meter does, on one line whatever is in it", async () => {
    const meter = createEvents();
    const { ask, close } = opened({ meter });
    const events = reader(await ask("/api/events"));
    await events.until("event: hello");
    meter.emit({
      type: "cache-hit",
      at: afternoon,
      purchaseId: "p",
      endpointId: "a\n\ndata: forged",
      tags: {},
      requestId: "r",
      saved: null,
    });
    const text = await events.until("event: meter");
    expect(text).not.toContain("\ndata: forged");
    close();
  });

  it("have room for 32 pages, and again when one has gone", async () => {
    const { ask, close } = opened();
    const pages: Response[] = [];
    for (let count = 0; count < 32; count += 1) pages.push(await ask("/api/events"));
    expect(await kindOf(await ask("/api/events"))).toEqual([503, "too-many-listeners"]);
    await pages[0]?.body?.cancel();
    const again = await ask("/api/events");
    expect(again.status).toBe(200);
    close();
    expect((await ask("/api/events")).status).toBe(503);
  });
});

describe("metrics", () => {
  it("say what each endpoint and each budget came to, in lines that Prometheus reads", async () => {
    const text = await (await opened({ store: await tradedStore(300) }).ask("/metrics")).text();
    for (const line of text.trimEnd().split("\n")) {
      expect(line).toMatch(
        /^(# (HELP|TYPE) fal_meter_\w+ .+|fal_meter_\w+(\{(\w+="(\\[\\n"]|[^\\"\n])*",?)+\})? -?\d+(\.\d+)?)$/,
      );
    }
    const series = text
      .split("\n")
      .filter((line) => line && !line.startsWith("#"))
      .map((line) => line.replace(/ \S+$/, ""));
    expect(new Set(series).size).toBe(series.length);
    expect(text).toContain('fal_meter_budget_limit_usd{budget="Everything",per="day"} 40');
    expect(text).toMatch(/fal_meter_budget_spent_usd\{budget="Per customer",per="month",split="acme"\} \d/);
  });

  it("keep a hostile name inside its label", async () => {
    const hostile = 'a"} 1\nforged_metric{x="\\\r\ud800';
    const store = createMemoryStore();
    const purchase = {
      endpointId: hostile,
      transport: "run" as const,
      tags: {},
      key: null,
      digest: null,
      estimate: estimateOf("0.1"),
    };
    await store.hold({ id: "x", at: afternoon, amount: nano("0.1"), charges: [], purchase });
    const lines = (await (await opened({ store }).ask("/metrics")).text()).split("\n");
    expect(lines.some((line) => line.startsWith("forged_metric"))).toBe(false);
    expect(lines).toContain('fal_meter_held_usd{endpoint="a\\"} 1\\nforged_metric{x=\\"\\\\\ufffd\ufffd"} 0.1');
  });
});
