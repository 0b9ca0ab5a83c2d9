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
}

/** Colours only on a terminal that knows them, and never with NO_COLOR set to anything (the convention of no-color.org). */
export function createTerminal(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Terminal {
  const live = stream.isTTY === true && environment.TERM !== "dumb";
  const coloured = live && !environment.NO_COLOR;
  const size = (side: "columns" | "rows") =>
    stream.isTTY ? (stream as WriteStream)[side] || FALLBACK[side] : Number.POSITIVE_INFINITY;
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
    print: (...lines) => void stream.write(`${lines.join("\n")}\n`),
    printJson: (document) => void stream.write(`${json(document, 2)}\n`),
    printJsonLine: (document) => void stream.write(`${json(document)}\n`),
  };
}

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
