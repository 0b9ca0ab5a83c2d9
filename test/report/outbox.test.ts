import { fork } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { OptionsError } from "../../src/errors.ts";
import { createOutbox } from "../../src/report/outbox.ts";
import { callbackSink, consoleSink, type WebhookOptions, webhookSink } from "../../src/report/sinks.ts";
import { createTurn } from "../../src/report/turn.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { day, noon } from "./ledger.ts";
import { alertNamed, jumpingClock, openReceiver, type Receiver } from "./receiver.ts";
import { newFile, stores } from "./stores.ts";

const TIMEOUT_MS = 10_000;
const receivers: Receiver[] = [];

afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.close();
});

async function receiving(onReceived?: () => void): Promise<Receiver> {
  const receiver = await openReceiver(onReceived);
  receivers.push(receiver);
  return receiver;
}

const clockAt = (now: number) => jumpingClock(now, TIMEOUT_MS);

describe.each(stores)("an outbox on a %s store", (_name, open) => {
  test("delivers each alert once, however often it is added", async () => {
    const [store, receiver, clock] = [await open(), await receiving(), clockAt(noon)];
    const outbox = createOutbox({ store, clock, sinks: [await webhookSink({ url: receiver.url }, clock)] });
    expect(await outbox.add([alertNamed("a", noon), alertNamed("b", noon)])).toBe(2);
    expect(await outbox.add([alertNamed("a", noon)])).toBe(0);
    expect(await outbox.deliver()).toEqual({ delivered: 2, pending: 0, failures: [] });
    expect(await outbox.add([alertNamed("a", noon)])).toBe(0);
    expect(await outbox.deliver()).toEqual({ delivered: 0, pending: 0, failures: [] });
    expect(receiver.taken()).toEqual(["a", "b"]);
    await store.close();
  });

  test("keeps what a sink that is down did not take, and delivers it once the sink is up", async () => {
    const [store, receiver, clock] = [await open(), await receiving(), clockAt(noon)];
    receiver.answer = 503;
    const outbox = createOutbox({ store, clock, sinks: [await webhookSink({ url: receiver.url }, clock)] });
    await outbox.add([alertNamed("a", noon), alertNamed("b", noon)]);
    const down = await outbox.deliver();
    expect(down).toMatchObject({ delivered: 0, pending: 2, failures: [{ message: "the webhook answered 503" }] });
    // Three tries of the first alert; the second is not thrown after it.
    expect(receiver.received).toHaveLength(3);
    expect(clock.pauses).toEqual([1_000, 2_000]);
    receiver.answer = 200;
    expect(await outbox.deliver()).toEqual({ delivered: 2, pending: 0, failures: [] });
    expect(receiver.taken()).toEqual(["a", "b"]);
    await store.close();
  });

  test("gives every sink its own delivery, and the ones that had it no second", async () => {
    const [store, clock] = [await open(), clockAt(noon)];
    const got: string[] = [];
    let broken = true;
    const good = callbackSink("good", ({ id }) => void got.push(`good ${id}`));
    const moody = callbackSink("moody", ({ id }) => {
      if (broken) throw new TypeError(`never shown: ${id}`);
      got.push(`moody ${id}`);
    });
    const outbox = createOutbox({ store, clock, sinks: [good, moody] });
    await outbox.add([alertNamed("a", noon)]);
    expect(await outbox.deliver()).toEqual({
      delivered: 1,
      pending: 1,
      failures: [{ sink: "moody", message: "TypeError" }],
    });
    broken = false;
    expect(await outbox.deliver()).toMatchObject({ delivered: 1, pending: 0 });
    expect(got).toEqual(["good a", "moody a"]);
    await store.close();
  });

  test("shared by two outboxes delivers each alert once", async () => {
    const [store, receiver] = [await open(), await receiving()];
    const sink = await webhookSink({ url: receiver.url }, systemClock);
    const outboxes = [1, 2].map(() => createOutbox({ store, clock: systemClock, sinks: [sink] }));
    const alerts = Array.from({ length: 10 }, (_, i) => alertNamed(`a${i}`, noon));
    await Promise.all(outboxes.map((outbox) => outbox.add(alerts)));
    await Promise.all(outboxes.map((outbox) => outbox.deliver()));
    expect(receiver.taken().sort()).toEqual(alerts.map(({ id }) => id).sort());
    await store.close();
  });
});

test("an outbox in haste tries once, and a pause that is ended leaves the alert in it", async () => {
  const [store, receiver, clock] = [createMemoryStore(), await receiving(), clockAt(noon)];
  receiver.answer = 503;
  const outbox = createOutbox({ store, clock, sinks: [await webhookSink({ url: receiver.url }, clock)] });
  await outbox.add([alertNamed("a", noon)]);
  expect(await outbox.deliver({ tries: 1 })).toMatchObject({ pending: 1 });
  expect([receiver.received.length, clock.pauses]).toEqual([1, []]);
  const stop = new AbortController();
  const stopping = {
    now: clock.now,
    sleep(_ms: number, signal?: AbortSignal) {
      stop.abort();
      return Promise.reject(signal?.reason);
    },
  };
  const stopped = createOutbox({
    store,
    clock: stopping,
    sinks: [callbackSink("down", () => Promise.reject(new Error("down")))],
  });
  await stopped.add([alertNamed("b", noon)]);
  expect(await stopped.deliver({ signal: stop.signal })).toMatchObject({ delivered: 0, pending: 2 });
  await store.close();
});

test("an outbox that may not wait leaves the turn to who has it", async () => {
  const [store, clock] = [createMemoryStore(), clockAt(noon)];
  await store.take({ id: "other", at: noon, paces: [{ pace: "turn|alerts", count: 1, endsInMs: day }] });
  const outbox = createOutbox({ store, clock, sinks: [callbackSink("good", () => {})] });
  await outbox.add([alertNamed("a", noon)]);
  expect(await outbox.deliver({ waitMs: 0 })).toBeNull();
  expect(clock.pauses).toEqual([]);
});

const worker = fileURLToPath(new URL("./outbox-worker.ts", import.meta.url));
const start = (...task: string[]) => fork(worker, task, { execArgv: ["--import", "tsx"] });

test("two processes on one ledger file deliver each alert once", async () => {
  const [path, receiver] = [newFile(), await receiving()];
  const children = [start("deliver", path, receiver.url, "20"), start("deliver", path, receiver.url, "20")];
  await Promise.all(children.map((child) => once(child, "message")));
  const delivered = children.map(async (child) => {
    const [count] = await once(child, "message");
    await once(child, "exit");
    return count as number;
  });
  for (const child of children) child.send("go");
  await Promise.all(delivered);
  expect(receiver.taken().sort()).toEqual(Array.from({ length: 20 }, (_, i) => `a${i}`).sort());
});

test("a process that is killed in the middle loses no alert, and sends none again", async () => {
  const [path, receiver] = [newFile(), await receiving()];
  const child = start("die", path, receiver.url, "10");
  expect(await once(child, "message")).toContain("halfway");
  child.kill("SIGKILL");
  await once(child, "close");
  expect(receiver.taken()).toHaveLength(5);
  const store = await openSqliteStore(path);
  // The dead process had the turn: its lease must end first.
  const clock = clockAt(systemClock.now() + 10 * 60_000);
  const outbox = createOutbox({ store, clock, sinks: [await webhookSink({ url: receiver.url }, clock)] });
  expect(await outbox.deliver()).toEqual({ delivered: 5, pending: 0, failures: [] });
  expect(receiver.taken().sort()).toEqual(Array.from({ length: 10 }, (_, i) => `a${i}`).sort());
  await store.close();
});

describe("a turn", () => {
  test("is nobody's while another has it, and passes on", async () => {
    const store = createMemoryStore();
    const turns = Array.from({ length: 5 }, () =>
      createTurn({ store, clock: systemClock, name: "turn", leaseMs: 60_000, waitMs: 30_000 }),
    );
    let [inside, most, done] = [0, 0, 0];
    await Promise.all(
      turns.map((turn) =>
        turn.take(async () => {
          inside += 1;
          most = Math.max(most, inside);
          for (let step = 0; step < 10; step += 1) await store.listNotes("turn", 0);
          inside -= 1;
          done += 1;
        }),
      ),
    );
    expect([most, done]).toEqual([1, 5]);
    expect(await turns[0]!.take(async () => "free", { waitMs: 0 })).toBe("free");
  });

  test("is given back by who fails in it, and kept by who asks for longer", async () => {
    const [store, clock] = [createMemoryStore(), clockAt(noon)];
    const turn = createTurn({ store, clock, name: "turn", leaseMs: 60_000, waitMs: 0 });
    await expect(turn.take(() => Promise.reject(new RangeError("failed")))).rejects.toThrow("failed");
    const inside = turn.take(async (hold) => {
      await clock.sleep(59_999);
      await hold();
      await clock.sleep(59_999);
      return turn.take(async () => "mine");
    });
    expect(await inside).toBeNull();
  });

  test("does not come to who waits too long, and comes after the lease of a dead one", async () => {
    const store = createMemoryStore();
    const clock = clockAt(noon);
    const turn = createTurn({ store, clock, name: "turn", leaseMs: 60_000, waitMs: 1_000 });
    void turn.take(() => new Promise(() => {}));
    expect(await turn.take(async () => "mine")).toBeNull();
    await clock.sleep(60_000);
    expect(await turn.take(async () => "mine")).toBe("mine");
  });
});

describe("a webhook", () => {
  test("signs its body with the time, as a receiver would check it", async () => {
    const [receiver, clock] = [await receiving(), clockAt(noon)];
    const sink = await webhookSink({ url: receiver.url, secret: "shhh" }, clock);
    await sink.send(alertNamed("a", noon));
    const [{ body, headers }] = receiver.received as [Receiver["received"][number]];
    const [, seconds, signed] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers["x-fal-meter-signature"])) ?? [];
    expect(seconds).toBe(String(noon / 1_000));
    expect(signed).toBe(createHmac("sha256", "shhh").update(`${seconds}.${body}`).digest("hex"));
    expect(headers["content-type"]).toBe("application/json");
  });

  test("is not signed without a secret", async () => {
    const receiver = await receiving();
    await (await webhookSink({ url: receiver.url }, clockAt(noon))).send(alertNamed("a", noon));
    expect(receiver.received[0]!.headers["x-fal-meter-signature"]).toBeUndefined();
  });

  test("speaks to Slack and Discord in their words", async () => {
    const receiver = await receiving();
    for (const format of ["slack", "discord"] as const)
      await (await webhookSink({ url: receiver.url, format }, clockAt(noon))).send(alertNamed("a", noon));
    const [slack, discord] = receiver.received.map(({ body }) => JSON.parse(body));
    expect(slack).toEqual({ text: "⚠️ alert a\nbudget: daily" });
    expect(discord).toEqual({ content: "⚠️ alert a\nbudget: daily", allowed_mentions: { parse: [] } });
  });

  test("follows no redirect", async () => {
    const receiver = await receiving();
    receiver.answer = 302;
    await expect((await webhookSink({ url: receiver.url }, clockAt(noon))).send(alertNamed("a", noon))).rejects.toThrow(
      "the webhook answered",
    );
    expect(receiver.received).toHaveLength(1);
  });

  test("gives up on a receiver that never answers", async () => {
    let timeUp = () => {};
    const over = new Promise<void>((resolve) => {
      timeUp = resolve;
    });
    const receiver = await receiving(() => timeUp());
    receiver.answer = 0;
    const sink = await webhookSink({ url: receiver.url }, { now: () => noon, sleep: () => over });
    await expect(sink.send(alertNamed("a", noon))).rejects.toThrow("did not answer within 10000 ms");
  });

  test("has a name that tells addresses apart and gives none away", async () => {
    const [one, same, other] = await Promise.all(
      ["https://x.example/secret1", "https://x.example/secret1", "https://x.example/secret2"].map((url) =>
        webhookSink({ url }, clockAt(noon)),
      ),
    );
    expect(one!.name).toBe(same!.name);
    expect(one!.name).not.toBe(other!.name);
    expect(one!.name).not.toContain("secret");
  });

  test.each([
    [{ url: "ftp://x.example/secret" }, "webhook.url"],
    [{ url: "secret" }, "webhook.url"],
    [{ url: "https://x.example", format: "teams" }, "webhook.format"],
    [{ url: "https://x.example", timeoutMs: 0 }, "webhook.timeoutMs"],
    [{ url: "https://x.example", secret: "" }, "webhook.secret"],
    [{ url: "https://x.example", method: "GET" }, "webhook.method"],
  ])("with %j is refused by name, without its address", async (options, option) => {
    const error = await webhookSink(options as WebhookOptions, clockAt(noon)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OptionsError);
    expect((error as OptionsError).option).toBe(option);
    expect((error as OptionsError).message).not.toContain('secret"');
  });
});

test("a console gets one plain line", async () => {
  const lines: string[] = [];
  await consoleSink((line) => lines.push(line)).send({ ...alertNamed("a", noon), title: "two\nlines \u001b[31m" });
  expect(lines).toEqual(["fal-meter warning: two\ufffdlines \ufffd[31m"]);
});

test.each([
  [{ sinks: [] }, "outbox.sinks"],
  [{ sinks: [consoleSink(), consoleSink()] }, "outbox.sinks"],
  [{ sinks: [consoleSink()], tries: 0 }, "outbox.tries"],
])("an outbox refuses bad options by name (%#)", (options, option) => {
  expect(() => createOutbox({ store: createMemoryStore(), clock: clockAt(noon + day), ...options })).toThrow(
    expect.objectContaining({ option }),
  );
});
