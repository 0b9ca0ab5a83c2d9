import { PassThrough } from "node:stream";

/** A stream that says it is a terminal of this size, and keeps what was written. */
export function screen(columns: number, rows: number) {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns, rows }) as unknown as NodeJS.WriteStream;
  let written = "";
  stream.on("data", (bytes: Buffer) => {
    written += bytes.toString();
  });
  return { stream, written: () => written };
}
