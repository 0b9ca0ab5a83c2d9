import type { BudgetStanding } from "../../budget/standing.ts";
import type { Line } from "./line.ts";

/** How far the demo has come. */
export interface Progress {
  done: number;
  /** Asked for, and waiting or at work. */
  running: number;
  total: number;
}

/** What shows the demo as it goes. */
export interface View {
  /** An act begins: the `nth` of `of`. */
  act(nth: number, of: number, title: string): void;
  line(line: Line): void;
  progress(progress: Progress): void;
  budget(standing: BudgetStanding): void;
  stop(): void;
}

/** Shows nothing, where one document at the end says it all. */
export const quietView: View = { act() {}, line() {}, progress() {}, budget() {}, stop() {} };
