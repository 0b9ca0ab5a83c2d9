import { createHash } from "node:crypto";
import { bindLua, doubtLua, holdLua, recordLua, settleLua, shareLua } from "./redis-lua/booking.ts";
import { keepLua, takeLua } from "./redis-lua/permits.ts";
import {
  countersPageLua,
  entriesPageLua,
  findEntryLua,
  findHoldLua,
  openHoldsLua,
  totalsLua,
} from "./redis-lua/reading.ts";
import {
  deleteNoteLua,
  deleteResultsLua,
  getNoteLua,
  getResultLua,
  listNotesLua,
  openLua,
  putNoteLua,
  putResultLua,
} from "./redis-lua/shelf.ts";

/** A script and the name the server knows it by. */
export interface Script {
  text: string;
  /** SHA-1 of the text, which is how Redis names it. */
  sha: string;
  /** The keys that it may touch whatever it is asked. The first tells the script how all keys begin. */
  tables: readonly string[];
}

function script(text: string, ...tables: string[]): Script {
  return { text, sha: createHash("sha1").update(text).digest("hex"), tables: ["meta", ...tables] };
}

const entries = ["entries", "entry-ids", "entry-times", "entry-requests", "wholes", "quarters", "days", "ever"];
const counters = ["counters", "counters-end"];
const holds = ["open", "requests"];
const results = ["results", "results-used", "results-end", "result-requests"];

/** One per verb of the port. */
export const scripts = {
  open: script(openLua, "quarters"),
  hold: script(holdLua, "open", "entry-ids", ...counters),
  bind: script(bindLua, "requests"),
  settle: script(settleLua, ...holds, ...entries, ...counters, "ordinals", "ordinals-used"),
  doubt: script(doubtLua),
  record: script(recordLua, ...entries, ...counters),
  findHold: script(findHoldLua, "requests"),
  findEntry: script(findEntryLua, "entries", "entry-ids", "entry-requests"),
  openHolds: script(openHoldsLua, "open", "entries", "entry-ids"),
  entries: script(entriesPageLua, "entries", "entry-times"),
  totals: script(totalsLua, "open", "entries", "entry-times", "wholes", "quarters", "days", "ever"),
  counters: script(countersPageLua, "counters"),
  share: script(shareLua, "requests"),
  take: script(takeLua),
  keep: script(keepLua),
  putResult: script(putResultLua, ...results),
  getResult: script(getResultLua, "results-used", "result-requests"),
  deleteResults: script(deleteResultsLua, ...results),
  putNote: script(putNoteLua),
  getNote: script(getNoteLua),
  listNotes: script(listNotesLua),
  deleteNote: script(deleteNoteLua),
} as const;
