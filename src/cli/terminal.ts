import type { WriteStream } from "node:tty";
import pc from "picocolors";

export type Paint = ReturnType<typeof pc.createColors>;

/** Where a command writes, and what that place can show. */
export interface Terminal {
  /** True where somebody watches: bars may move and lines may be redrawn. */
  readonly live: boolean;
  /** Plain text where there is no terminal, or NO_COLOR is set. */
  readonly paint: Paint;
  /** Characters on a line now; `Infinity` where nothing wraps. */
  readonly columns: number;
  /** Lines on the screen now; `Infinity` where there is no screen. */
  readonly rows: number;
  readonly stream: NodeJS.WriteStream;
  /** Writes a line, or several. */
  print(...lines: readonly string[]): void;
  /** Writes one JSON document. */
  printJson(document: unknown): void;
  /** Writes one JSON document on one line. */
  printJsonLine(document: unknown): void;
  /**
   * Says that something is under way, and for how long, once it has taken a second; on the error stream, and only where somebody
   * watches that. The line is gone when something is printed, and for good when `done` is called.
   */
  working(what: string): { done(): void };
}

/** Colours only on a terminal that knows them, and never with NO_COLOR set to anything (the convention of no-color.org). */
export function createTerminal(
  stream: NodeJS.WriteStream,
  environment: NodeJS.ProcessEnv,
  errors: NodeJS.WriteStream = process.stderr,
): Terminal {
  const isLive = ({ isTTY }: NodeJS.WriteStream) => isTTY === true && environment.TERM !== "dumb";
  const live = isLive(stream);
  const coloured = live && !environment.NO_COLOR;
  const size = (side: "columns" | "rows") =>
    stream.isTTY ? (stream as WriteStream)[side] || FALLBACK[side] : Number.POSITIVE_INFINITY;
  let waiting = false;
  const erase = () => {
    if (waiting) errors.write(ERASED);
    waiting = false;
  };
  const write = (text: string) => {
    erase();
    stream.write(text);
  };
  return {
    live,
    paint: pc.createColors(coloured),
    get columns() {
      return size("columns");
    },
    get rows() {
      return size("rows");
    },
    stream,
    print: (...lines) => write(`${lines.join("\n")}\n`),
    printJson: (document) => write(`${json(document, 2)}\n`),
    printJsonLine: (document) => write(`${json(document)}\n`),
    working(what) {
      if (!isLive(errors)) return { done() {} };
      const begun = Date.now();
      const timer = setInterval(() => {
        waiting = true;
        errors.write(`${ERASED}${what} … ${Math.round((Date.now() - begun) / 1_000)} s`);
      }, 1_000);
      timer.unref();
      return {
        done() {
          clearInterval(timer);
          erase();
        },
      };
    },
  };
}

/** The cursor at the beginning of its line, and the line empty. */
const ERASED = "\r\u001b[K";

/** What a terminal that does not tell its size is taken for. */
const FALLBACK = { columns: 80, rows: 24 };

/** JSON escapes the first 32 control characters; terminals obey some of the others too. */
function json(document: unknown, indent?: number): string {
  const text = JSON.stringify(document, null, indent) ?? "null";
  return text.replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
