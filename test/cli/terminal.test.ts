import { PassThrough } from "node:stream";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createTerminal } from "../../src/cli/terminal.ts";
import { screen } from "./screen.ts";

describe("a terminal", () => {
  it("is coloured where somebody looks", () => {
    expect(createTerminal(screen(80, 24).stream, {}).paint.red("x")).toContain("\u001b[");
  });

  it.each([
    ["NO_COLOR is set", screen(80, 24).stream, { NO_COLOR: "1" }],
    ["it is a dumb one", screen(80, 24).stream, { TERM: "dumb" }],
    ["it is a pipe", new PassThrough() as unknown as NodeJS.WriteStream, {}],
    [
      "it is a pipe, even if colours are forced on others",
      new PassThrough() as unknown as NodeJS.WriteStream,
      { FORCE_COLOR: "1", CI: "1" },
    ],
  ])("has no colours when %s", (_name, stream, environment) => {
    expect(createTerminal(stream, environment).paint.red("x")).toBe("x");
  });

  it("follows its size, and a pipe has none", () => {
    const { stream } = screen(80, 24);
    const terminal = createTerminal(stream, {});
    expect([terminal.columns, terminal.rows]).toEqual([80, 24]);
    stream.columns = 120;
    expect(terminal.columns).toBe(120);
    expect(createTerminal(new PassThrough() as unknown as NodeJS.WriteStream, {}).columns).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  it("says what is under way once it has taken a second, and takes it back before anything is printed", () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const [shown, errors] = [screen(80, 24), screen(80, 24)];
    const terminal = createTerminal(shown.stream, {}, errors.stream);
    const work = terminal.working("Reading");
    vi.advanceTimersByTime(900);
    expect(errors.written()).toBe("");
    vi.advanceTimersByTime(1_200);
    expect(errors.written()).toBe("\r\u001b[KReading … 1 s\r\u001b[KReading … 2 s");
    terminal.print("done");
    expect(errors.written().endsWith("2 s\r\u001b[K")).toBe(true);
    work.done();
    const length = errors.written().length;
    vi.advanceTimersByTime(5_000);
    expect(errors.written()).toHaveLength(length);
    const pipe = new PassThrough() as unknown as NodeJS.WriteStream;
    createTerminal(shown.stream, {}, pipe).working("Reading");
    vi.advanceTimersByTime(5_000);
    expect((pipe as unknown as PassThrough).readableLength).toBe(0);
  });

  it("escapes in JSON what terminals obey and JSON lets through", () => {
    const { stream, written } = screen(80, 24);
    const value = { name: "\u009b31m\u001b[31m\u007f\u202eevil" };
    createTerminal(stream, {}).printJsonLine(value);
    expect(written()).toMatch(/^[ -~]+\n$/);
    expect(JSON.parse(written())).toEqual(value);
  });
});
