import { createFalClient } from "fal-meter";
import { emulatorFetch } from "fal-meter/emulator";
import { describe, expect, it } from "vitest";
import { isPlain, run, start } from "./command.ts";

function clientOf(url: string) {
  return createFalClient({ credentials: "none", fetch: emulatorFetch(url), meter: { store: "memory:" } });
}

describe("fal-meter emulator", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "says where it is, shows requests as they come, and ends well at %s",
    async (signal) => {
      const emulator = start(["emulator", "--port", "0"]);
      const out = await emulator.seen(/Ctrl-C stops it/);
      const [url = ""] = /http:\/\/127\.0\.0\.1:\d+/.exec(out) ?? [];
      expect(out).toContain(`emulatorFetch("${url}")`);
      await clientOf(url).run("fal-ai/flux/dev", { input: { prompt: "a boat", image_size: "square_hd" } });
      await emulator.seen(/200\s+run\s+fal-ai\/flux\/dev\s+\$0\.025/);
      emulator.child.kill(signal);
      const ended = await emulator.ended;
      expect(ended.code).toBe(0);
      expect(ended.out).toContain("Stopped. 1 paid call, $0.025 in its book.");
      expect(isPlain(ended.out)).toBe(true);
      expect(ended.err).toBe("");
    },
  );

  it("prints one JSON document a line", async () => {
    const emulator = start(["emulator", "--port", "0", "--json"]);
    const { url } = JSON.parse(await emulator.seen(/\n/));
    await clientOf(url).subscribe("fal-ai/flux/dev", { input: { prompt: "a boat", image_size: "square_hd" } });
    await emulator.seen(/"kind":"result"/);
    emulator.child.kill("SIGINT");
    const { code, out } = await emulator.ended;
    expect(code).toBe(0);
    const lines = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines[0]).toEqual({ event: "started", url });
    expect(lines.map(({ kind }) => kind)).toContain("submit");
    expect(lines.find(({ kind }) => kind === "result")).toMatchObject({ status: 200, billed: "0.025" });
    expect(lines.at(-1)).toMatchObject({ event: "stopped", paid: 1, billed: "0.025" });
  });

  it("takes the time it is told to", async () => {
    const emulator = start(["emulator", "--port", "0", "--latency", "300", "--json"]);
    const { url } = JSON.parse(await emulator.seen(/\n/));
    const { request_id } = await clientOf(url).queue.submit("fal-ai/flux/dev", { input: { prompt: "a boat" } });
    expect((await clientOf(url).queue.status("fal-ai/flux/dev", { requestId: request_id })).status).not.toBe(
      "COMPLETED",
    );
    emulator.child.kill("SIGINT");
    expect((await emulator.ended).code).toBe(0);
  });

  it("ends with 1 and says what to do when the port is taken", async () => {
    const first = start(["emulator", "--port", "0", "--json"]);
    const { url } = JSON.parse(await first.seen(/\n/));
    const { code, out, err } = await run(["emulator", "--port", new URL(url).port]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("--port");
    first.child.kill("SIGINT");
    await first.ended;
  });

  it.each([
    ["--port", "high"],
    ["--port", "70000"],
    ["--latency", "-5"],
  ])("ends with 2 for %s %s", async (option, value) => {
    const { code, err } = await run(["emulator", option, value]);
    expect(code).toBe(2);
    expect(err.trim().split("\n")).toHaveLength(1);
  });
});
