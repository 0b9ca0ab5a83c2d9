import type { Terminal } from "../terminal.ts";
import { written } from "./line.ts";
import type { View } from "./view.ts";

/** Plain lines as things happen, for files, pipes and build logs. */
export function createLogView({ print, paint }: Terminal): View {
  return {
    act: (nth, of, title) => print("", `Act ${nth} of ${of}: ${title}`),
    line: (line) => print(`  ${written(line, Number.POSITIVE_INFINITY, paint)}`),
    progress() {},
    budget() {},
    stop: () => print(""),
  };
}
