import { Command, InvalidArgumentError } from "commander";
import { systemClock } from "../clock.ts";
import { type Emulator, type RecordedRequest, startEmulator } from "../emulator/emulator.ts";
import { money } from "../money.ts";
import { plainName } from "../report/plain-text.ts";
import { EXIT_CODES_HELP } from "./exit.ts";
import { interrupted } from "./interrupt.ts";
import { readable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

interface EmulatorFlags {
  port: number;
  latency: number;
  json?: true;
}

const DEFAULT_PORT = 8787;

export function emulatorCommand(terminal: Terminal): Command {
  return new Command("emulator")
    .description("a fal on this machine: no key, no money, real HTTP; runs until Ctrl-C")
    .option("--port <port>", "the loopback port to listen on; 0 takes any free one", wholeNumber, DEFAULT_PORT)
    .option("--latency <ms>", "how long a call takes, in milliseconds", wholeNumber, 0)
    .option("--json", "print one JSON document a line: first the address, then every request")
    .addHelpText(
      "after",
      `\nExample:\n  $ fal-meter emulator --port 0 --latency 200\n\n${EXIT_CODES_HELP}; Ctrl-C ends it well, with 0`,
    )
    .action((flags: EmulatorFlags) => serve(terminal, flags));
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

async function serve(terminal: Terminal, { port, latency, json }: EmulatorFlags): Promise<void> {
  const stop = interrupted();
  const emulator = await startEmulator({ port, latencyMs: latency });
  const { url } = emulator;
  if (json) terminal.printJsonLine({ event: "started", url });
  else terminal.print(...welcome(terminal, url));
  const show = (record: RecordedRequest) => {
    if (json) terminal.printJsonLine({ event: "request", ...record, billed: billed(emulator, record) });
    else terminal.print(requestLine(terminal, emulator, record));
  };
  await follow(emulator, show, stop);
  const summary = { requests: emulator.requests.length, paid: emulator.paidPosts(), billed: emulator.book.total() };
  await emulator.close();
  if (json) terminal.printJsonLine({ event: "stopped", ...summary });
  else
    terminal.print(
      "",
      `Stopped. ${summary.paid} paid ${summary.paid === 1 ? "call" : "calls"}, ${money(readable(summary.billed))} in its book. None of it was real.`,
    );
}

function welcome({ paint }: Terminal, url: string): string[] {
  return [
    `${paint.bold("An emulated fal")} listens on ${paint.cyan(url)}`,
    "",
    "Point a client at it:",
    '  import { emulatorFetch } from "fal-meter/emulator";',
    `  const fal = createFalClient({ credentials: "none", fetch: emulatorFetch("${url}") });`,
    "",
    paint.dim("Requests show as they are answered. Ctrl-C stops it."),
    "",
  ];
}

const LOOK_EVERY_MS = 50;

/** Shows every request once it is answered, in the order of the answers, until the signal. */
async function follow(emulator: Emulator, show: (record: RecordedRequest) => void, stop: AbortSignal): Promise<void> {
  let newest: RecordedRequest | undefined;
  let waiting: RecordedRequest[] = [];
  for (;;) {
    waiting.push(...since(emulator.requests, newest));
    newest = emulator.requests.at(-1);
    for (const record of waiting) if (record.status !== null) show(record);
    waiting = waiting.filter((record) => record.status === null).slice(-MOST_WAITING);
    if (stop.aborted) return;
    await systemClock.sleep(LOOK_EVERY_MS, stop).catch(() => {});
  }
}

/** A request whose connection was dropped is never answered, so the oldest are given up. */
const MOST_WAITING = 10_000;

function since(requests: readonly RecordedRequest[], last: RecordedRequest | undefined): RecordedRequest[] {
  const from = last === undefined ? 0 : requests.lastIndexOf(last) + 1;
  return requests.slice(from);
}

function requestLine({ paint }: Terminal, emulator: Emulator, record: RecordedRequest): string {
  const status = record.status ?? 0;
  const tone = status >= 500 ? paint.red : status >= 400 ? paint.yellow : paint.green;
  const amount = billed(emulator, record);
  const what = plainName(record.endpointId ?? record.path);
  const time = new Date(record.at).toISOString().slice(11, 19);
  return `${paint.dim(time)}  ${tone(String(status))}  ${record.kind.padEnd(13)}  ${what}${amount === null ? "" : `  ${paint.bold(money(readable(amount)))}`}`;
}

/** What the answer's work was billed at; `null` for answers that bill nothing. */
function billed(emulator: Emulator, { kind, requestId }: RecordedRequest) {
  const bills = kind === "run" || kind === "stream" || kind === "result";
  return bills && requestId !== null ? (emulator.book.line(requestId)?.amount ?? null) : null;
}
