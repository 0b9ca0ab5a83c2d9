import { describe, expect, test } from "vitest";
import { OptionsError, StoreError } from "../../src/errors.ts";
import { addressOf, evaluatorOf, type RedisLike } from "../../src/store/redis-client.ts";
import { isUnknownScript, redisFailure } from "../../src/store/redis-failure.ts";

describe("an address", () => {
  test.each([
    ["redis://localhost", "redis://localhost:6379/0"],
    ["redis://localhost/", "redis://localhost:6379/0"],
    ["redis://localhost:7000/12", "redis://localhost:7000/12"],
    ["rediss://user:s3cret@host:6380/3", "rediss://host:6380/3"],
  ])("%s is called %s", (url, name) => {
    expect(addressOf(url)).toEqual({ url, name });
  });

  test.each([
    ["postgres://host/0"],
    ["xredis://host/0"],
    ["redisss://host/0"],
    ["redis:///0"],
    ["redis://host/a"],
    ["redis://host/0/1"],
    ["redis://host/x0"],
    ["nowhere"],
    [7],
    [new URL("redis://host/0")],
  ])("%s is none", (url) => {
    expect(() => addressOf(url as string)).toThrow(OptionsError);
    expect(() => addressOf(url as string)).toThrow(/^url must be an address/);
  });

  test("that is none is not shown where there may be a password in it", () => {
    expect(() => addressOf("s3cret")).toThrow("no address (not shown)");
    expect(() => addressOf("redis://user:s3cret@host/a")).toThrow("redis://host/a");
  });
});

describe("a client of one's own", () => {
  const asked: unknown[] = [];
  const noted =
    (name: string) =>
    (...args: unknown[]) =>
      Promise.resolve(asked.push([name, ...args]));

  test.each<[string, RedisLike, unknown[]]>([
    [
      "ioredis",
      { evalsha: noted("evalsha"), eval: noted("eval") },
      [
        ["evalsha", "sha", 2, "a", "b", "1"],
        ["eval", "text", 1, "a", "1", "2"],
      ],
    ],
    [
      "node-redis",
      { evalSha: noted("evalSha"), eval: noted("eval") },
      [
        ["evalSha", "sha", { keys: ["a", "b"], arguments: ["1"] }],
        ["eval", "text", { keys: ["a"], arguments: ["1", "2"] }],
      ],
    ],
  ])("of %s runs scripts in its own way, and is never closed by us", async (_, client, wanted) => {
    asked.length = 0;
    const evaluator = evaluatorOf(client);
    await evaluator.bySha("sha", ["a", "b"], ["1"]);
    await evaluator.byText("text", ["a"], ["1", "2"]);
    expect(evaluator.reconnect()).toBeUndefined();
    expect(evaluator.close()).toBeUndefined();
    expect(asked).toEqual(wanted);
  });

  test.each([{}, null, undefined, { evalsha: true, evalSha: "yes" }])("%j is none", (client) => {
    expect(() => evaluatorOf(client as never)).toThrow(/^client must be a Redis client/);
  });
});

describe("what a client throws", () => {
  const failure = (message: string, rest: object = {}) =>
    redisFailure("redis://host", Object.assign(new Error(message), rest)) as StoreError;

  test.each([
    ["READONLY You can't write against a read only replica.", "read-only"],
    ["NOREPLICAS Not enough good replicas to write.", "read-only"],
    ["OOM command not allowed when used memory > 'maxmemory'.", "full"],
    ["LOADING Redis is loading the dataset in memory", "busy"],
    ["BUSY Redis is busy running a script.", "busy"],
    ["TRYAGAIN Multiple keys request during rehashing of slot", "busy"],
    ["CLUSTERDOWN The cluster is down", "unreachable"],
    ["MASTERDOWN Link with MASTER is down", "unreachable"],
    ["UNBLOCKED force unblock from blocking operation", "unreachable"],
    ["WRONGTYPE Operation against a key holding the wrong kind of value", "failed"],
    ["ERR unknown command", "failed"],
    ["A word and no code", "unreachable"],
    ["the server said ERR unknown", "unreachable"],
    ["OOMPH is no code of theirs", "failed"],
    ["not READONLY", "unreachable"],
  ])("%s", (message, reason) => {
    const error = failure(message);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ reason, store: "redis://host" });
    expect(error.message).toContain(message);
  });

  test("is told without where in which script it happened", () => {
    const place = " script: 0a1b2c, on @user_script:12.\nmore lines";
    expect(failure(`OOM command not allowed${place}`)).toMatchObject({ reason: "full" });
    expect(failure(`OOM command not allowed${place}`).message).toContain("OOM command not allowed. ");
    const before = "ERR Error running script (call to f_0a1b2c): @user_script:12: @user_script: 12: ";
    for (const wrapped of [`${before}-OOM command not allowed`, `${before}OOM command not allowed`]) {
      expect(failure(wrapped)).toMatchObject({ reason: "full" });
      expect(failure(wrapped).message).not.toContain("user_script");
    }
    expect(failure(`it said ${before}-OOM command not allowed`)).toMatchObject({ reason: "unreachable" });
  });

  test.each([
    "Reached the max retries per request limit (which is 0).",
    "Stream isn't writeable and enableOfflineQueue options is false",
    "Connection is closed.",
    "Socket closed unexpectedly",
  ])("because it has no connection says that: %s", (message) => {
    expect(failure(message)).toMatchObject({ reason: "unreachable" });
    expect(failure(message).message).toContain("the connection was lost");
  });

  test("without a message is told by its code, and without either says so", () => {
    expect(failure("", { code: "ECONNREFUSED" }).message).toContain("ECONNREFUSED");
    expect(failure("first", { code: "ECONNREFUSED" }).message).not.toContain("ECONNREFUSED");
    for (const nothing of [null, undefined, {}, { message: 5 }])
      expect(redisFailure("s", nothing).message).toContain("no reason was given");
  });

  test("is told in 200 characters at most, and an error of ours as it is", () => {
    expect(failure("x".repeat(500)).message).toContain("x".repeat(200));
    expect(failure("x".repeat(500)).message).not.toContain("x".repeat(201));
    const ours = new StoreError("s", "closed", "close() was called");
    expect(redisFailure("redis://host", ours)).toBe(ours);
  });

  test("for a script that it does not know is told apart", () => {
    expect(isUnknownScript(new Error("NOSCRIPT No matching script."))).toBe(true);
    expect(isUnknownScript(new Error("ERR NOSCRIPT"))).toBe(false);
    expect(isUnknownScript("NOSCRIPT No matching script.")).toBe(false);
  });
});
