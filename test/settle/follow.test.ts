import { describe, expect, test } from "vitest";
import { writeAudit } from "../../src/settle/audit.ts";
import { type BoundHold, follow } from "../../src/settle/follow.ts";
import type { Store } from "../../src/store/store.ts";
import type { RecentRequest } from "../../src/wire/recent-requests.ts";
import { day, estimate, hour, noon, usd } from "../store/samples.ts";
import { billed, type Fal, openDesk } from "./desk.ts";

const status = (state: string, rest: object = {}) => Response.json({ status: state, ...rest });
const gone = () => new Response(null, { status: 404 });
const list = (...items: object[]) => Response.json({ items });
const row = { request_id: "r-1", sent_at: new Date(noon).toISOString(), status_code: 200 };

/** A queue that says this of the job, a job that says that, and a list of requests. */
function fal(queue: () => Response, result: () => Response | Promise<Response> = gone, requests = () => list()): Fal {
  return ({ host, pathname }) =>
    host === "api.fal.ai" ? requests() : pathname.endsWith("/status") ? queue() : result();
}

async function bought(answers: Fal, transport: "queue" | "run" = "queue", over?: (store: Store) => Store) {
  const desk = openDesk(answers, over);
  const hold = (await desk.open("1", { requestId: "r-1", purchase: { transport } })) as BoundHold;
  const ask = (listed?: RecentRequest) => follow(desk.parts, hold, "id:secret", listed);
  return { ...desk, hold, ask };
}

describe("a job in the queue", () => {
  test("that has ended is settled by the bill on its result, and by how long it worked", async () => {
    const { ask, store, asked } = await bought(
      fal(
        () => status("COMPLETED"),
        () => billed("2"),
      ),
    );
    expect(await ask()).toBe("settled");
    expect(await store.findEntry({ id: "1" })).toMatchObject({
      outcome: "charged",
      actual: usd(0.08),
      note: expect.stringContaining("2 units"),
    });
    expect(asked.map(({ pathname }) => pathname)).toEqual([
      "/fal-ai/flux/requests/r-1/status",
      "/fal-ai/flux/requests/r-1",
    ]);
  });

  test.each(["IN_QUEUE", "IN_PROGRESS"])("that is %s is under way", async (state) => {
    const { ask, asked } = await bought(
      fal(
        () => status(state),
        () => billed("2"),
      ),
    );
    expect(await ask()).toBe("under-way");
    expect(asked).toHaveLength(1);
  });

  test.each<[string, () => Response]>([
    ["an error", () => new Response("{}", { status: 500 })],
    ["an error that names a state", () => Response.json({ status: "COMPLETED" }, { status: 403 })],
    ["no JSON", () => new Response("<html>")],
    ["another state", () => status("FAILED")],
  ])("whose status is %s is unanswered, and its result is not asked for", async (_, queue) => {
    const { ask, asked } = await bought(fal(queue, () => billed("2")));
    expect(await ask()).toBe("unanswered");
    expect(asked).toHaveLength(1);
  });

  test("that fal cannot be asked about is unanswered", async () => {
    const down = () => Promise.reject(new Error("reset"));
    expect(await (await bought(down)).ask()).toBe("unanswered");
    expect(await (await bought(fal(() => status("COMPLETED"), down))).ask()).toBe("unanswered");
  });

  test.each([
    [401, "unanswered"],
    [403, "unanswered"],
    [408, "unanswered"],
    [429, "unanswered"],
    [500, "unanswered"],
    [503, "unanswered"],
    [400, "lost"],
    [422, "lost"],
    [404, "lost"],
  ])("whose result is answered with %i and no bill is %s, and stays held", async (code, followed) => {
    const { ask, store } = await bought(
      fal(
        () => status("COMPLETED"),
        () => new Response("no", { status: code }),
      ),
    );
    expect(await ask()).toBe(followed);
    const doubt = code === 404 ? "NOT_FOUND: fal keeps no result of r-1" : null;
    expect(await store.findHold({ id: "1" })).toMatchObject({ amount: usd(0.04), doubt });
  });

  test("whose bill came and could not be written down is asked about again", async () => {
    const failing = (store: Store) => ({ ...store, settle: () => Promise.reject(new Error("busy")) });
    const { ask, store } = await bought(
      fal(
        () => status("COMPLETED"),
        () => billed("2"),
      ),
      "queue",
      failing,
    );
    expect(await ask()).toBe("unanswered");
    expect(await store.findHold({ id: "1" })).toBeDefined();
  });

  test("that fal does not know any more is lost, which is written down once; the list of requests is not asked", async () => {
    let doubts = 0;
    const counting = (store: Store): Store => ({
      ...store,
      doubt: (...args) => {
        doubts++;
        return store.doubt(...args);
      },
    });
    const { ask, asked, store, parts } = await bought(fal(gone), "queue", counting);
    expect(await ask()).toBe("lost");
    const again = (await store.findHold({ id: "1" })) as BoundHold;
    expect(again.doubt).toBe("NOT_FOUND: fal keeps no result of r-1");
    expect(await follow(parts, again, undefined)).toBe("lost");
    expect(doubts).toBe(1);
    expect(asked.map(({ host }) => host)).toEqual(["queue.fal.run", "queue.fal.run"]);
  });

  test("that somebody else settled meanwhile is in doubt no longer", async () => {
    const { parts, store, hold } = await bought(fal(gone));
    await store.settle("1", {
      ...{ at: noon, outcome: "free", requestId: null, post: { amount: 0n } },
      basis: "free",
      billableUnits: null,
      note: null,
    });
    expect(await follow(parts, hold, undefined)).toBe("settled");
  });
});

describe("a run that the queue does not know", () => {
  test("is looked up in fal's list, by its id and its time, and settled as it ended", async () => {
    const compute = { ...estimate(null), unit: "compute second", unitPrice: "0.01", basis: "unknown" };
    const desk = openDesk(
      fal(gone, gone, () =>
        list(
          null as never,
          { ...row, request_id: "another", status_code: 500 },
          {
            ...row,
            started_at: "2026-11-01T12:00:01Z",
            ended_at: "2026-11-01T12:00:04Z",
          },
        ),
      ),
    );
    const hold = await desk.open("1", {
      requestId: "r-1",
      amount: null,
      purchase: { transport: "run", estimate: compute },
    });
    await writeAudit(desk.store, "1", "lost, and recognised", noon);
    expect(await follow(desk.parts, hold as BoundHold, "id:secret")).toBe("settled");
    const entry = await desk.store.findEntry({ id: "1" });
    expect(entry).toMatchObject({ outcome: "charged", actual: usd(0.03), requestId: "r-1", basis: "compute-time" });
    expect(entry?.note).toBe("no bill in the answer; fal lists it as ended with 200; lost, and recognised");
    const question = Object.fromEntries(desk.asked.at(-1)!.searchParams);
    expect(question).toEqual({
      endpoint_id: "fal-ai/flux/dev",
      start: new Date(noon - hour).toISOString(),
      end: new Date(noon + hour).toISOString(),
      expand: "payloads",
      request_id: "r-1",
    });
  });

  test("is looked for within a day of it, however late", async () => {
    const { ask, asked, time } = await bought(
      fal(gone, gone, () => list(row)),
      "run",
    );
    time.now = noon + 9 * day;
    expect(await ask()).toBe("settled");
    expect(asked.at(-1)!.searchParams.get("end")).toBe(new Date(noon + day).toISOString());
  });

  test("and was never lost says in its note only how fal lists it", async () => {
    const { ask, store } = await bought(
      fal(gone, gone, () => list({ ...row, status_code: 500 })),
      "run",
    );
    expect(await ask()).toBe("settled");
    expect(await store.findEntry({ id: "1" })).toMatchObject({
      outcome: "free",
      note: "server error 500; fal lists it as ended with 500",
    });
  });

  test.each<[string, () => Response, string]>([
    ["is at work there", () => list({ ...row, status_code: null }), "under-way"],
    ["ended with 422, which may have cost something,", () => list({ ...row, status_code: 422 }), "lost"],
    ["is not there", () => list({ ...row, request_id: "another" }), "lost"],
    ["is unknown there", () => new Response(null, { status: 404 }), "lost"],
    ["may not be looked up", () => new Response(null, { status: 403 }), "unanswered"],
    ["cannot be looked up", () => new Response(null, { status: 503 }), "unanswered"],
  ])("and %s stays held", async (_, requests, followed) => {
    const { ask, store } = await bought(fal(gone, gone, requests), "run");
    expect(await ask()).toBe(followed);
    const { doubt } = (await store.findHold({ id: "1" }))!;
    expect(doubt).toBe(/not there|unknown/.test(_) ? "NOT_FOUND: fal keeps no result of r-1" : null);
  });

  test.each<[unknown]>([[null], ["text"], [undefined]])(
    "is settled by its status where its listed answer is %j",
    async (output) => {
      const { ask, store } = await bought(
        fal(gone, gone, () => list({ ...row, json_output: output })),
        "run",
      );
      expect(await ask()).toBe("settled");
      expect(await store.findEntry({ id: "1" })).toMatchObject({ outcome: "charged", actual: usd(0.04) });
    },
  );

  test("is not looked up where its row is at hand, and its listed answer counts as collected", async () => {
    const { ask, store, asked } = await bought(fal(gone), "run");
    const listed = { requestId: "r-1", at: noon, seconds: null, status: 200, input: {}, output: { images: [] } };
    expect(await ask(listed)).toBe("settled");
    expect(asked.map(({ host }) => host)).toEqual(["queue.fal.run"]);
    expect((await store.findEntry({ id: "1" }))?.note).toBe("no bill in the answer; fal lists it as ended with 200");
  });

  test("and failed is free, though an answer of it is listed", async () => {
    const { ask, store } = await bought(fal(gone), "run");
    const listed = { requestId: "r-1", at: noon, seconds: null, status: 503, input: {}, output: { detail: "busy" } };
    expect(await ask(listed)).toBe("settled");
    expect(await store.findEntry({ id: "1" })).toMatchObject({
      outcome: "free",
      note: "server error 503; fal lists it as ended with 503",
    });
  });

  test("and could not be written down is asked about again", async () => {
    const failing = (store: Store) => ({ ...store, settle: () => Promise.reject(new Error("busy")) });
    const { ask } = await bought(
      fal(gone, gone, () => list(row)),
      "run",
      failing,
    );
    expect(await ask()).toBe("unanswered");
  });
});
