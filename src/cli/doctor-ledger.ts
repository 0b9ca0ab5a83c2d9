/** What a doctor says of the ledger. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { readRegistry, standingOf } from "../budget/registry.ts";
import { isMeterError, StoreError } from "../errors.ts";
import { money } from "../money.ts";
import { pendingAlerts } from "../report/outbox.ts";
import { loadDriver } from "../store/sqlite-driver.ts";
import { versionOf } from "../store/sqlite-schema.ts";
import type { Store } from "../store/store.ts";
import type { Finding } from "./doctor.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { inWords } from "./span.ts";

export interface LedgerFindings {
  findings: Finding[];
  /** Of the newest entry, in milliseconds since the epoch; `null` where there is none. */
  newestAt: number | null;
}

const HOUR_MS = 3_600_000;
const MOST_HOLDS = 10_000;

/** @throws OptionsError for a store that no other process can read */
export async function checkLedger(
  given: string | undefined,
  environment: NodeJS.ProcessEnv,
  at: number,
): Promise<LedgerFindings> {
  let ledger: Ledger;
  try {
    ledger = await openLedger(given, environment);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { findings: [{ check: "store", state: "wrong", text: error.message }], newestAt: null };
  }
  if (ledger.kind === "missing") return { findings: [missing(ledger.name)], newestAt: null };
  const { store, name } = ledger;
  try {
    const [newest] = await store.entries({ limit: 1, newest: true });
    const findings = [
      ...(name.startsWith("sqlite:") ? [fileFinding(name), await schemaFinding(name)] : [answered(name)]),
      ...(await budgetFindings(store, at)),
      ...(await openFindings(store, at)),
    ];
    return { findings, newestAt: newest?.at ?? null };
  } catch (error) {
    if (!isMeterError(error)) throw error;
    return { findings: [{ check: "store", state: "wrong", text: error.message }], newestAt: null };
  } finally {
    await store.close();
  }
}

function pathOf(name: string): string {
  return name.slice("sqlite:".length);
}

function missing(name: string): Finding {
  let folder = dirname(pathOf(name));
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  const text = `${name} is not there yet; a meter makes it with its first call`;
  if (writable(folder)) return { check: "store", state: "ok", text };
  return { check: "store", state: "wrong", text: `${name} is not there, and nothing can be written in ${folder}` };
}

function fileFinding(name: string): Finding {
  const path = pathOf(name);
  if (!writable(path) || !writable(dirname(path)))
    return { check: "store", state: "wrong", text: `${name} can be read and not be written` };
  return { check: "store", state: "ok", text: `${name}, ${Math.ceil(statSync(path).size / 1024)} KiB` };
}

/** It was asked for its newest entry, and a schema that this version does not know is refused when it is opened. */
function answered(name: string): Finding {
  return { check: "store", state: "ok", text: `${name} answers` };
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function schemaFinding(name: string): Promise<Finding> {
  const database = new (await loadDriver())(pathOf(name));
  try {
    return { check: "schema", state: "ok", text: `version ${versionOf(database, name)}` };
  } finally {
    database.close();
  }
}

async function budgetFindings(store: Store, at: number): Promise<Finding[]> {
  const { budgets, unreadable } = await readRegistry(store, at);
  const check = "budgets";
  const findings: Finding[] = [
    { check, state: "ok", text: budgets.length === 0 ? "none is registered" : `${budgets.length} registered` },
  ];
  for (const { key, why } of unreadable)
    findings.push({ check, state: "wrong", text: `the one registered as ${key} cannot be read: ${why}` });
  for (const budget of budgets) {
    for (const { name, split, limit, spent, held } of await standingOf(budget, store, at)) {
      const over = spent.add(held).sub(limit);
      if (budget.rule.per === "request" || !over.gt(0)) continue;
      const whose = split === undefined ? name : `${name} of ${split}`;
      findings.push({ check, state: "look", text: `${whose} is ${money(over)} over its limit of ${money(limit)}` });
    }
  }
  return findings;
}

async function openFindings(store: Store, at: number): Promise<Finding[]> {
  const holds = await store.openHolds({ limit: MOST_HOLDS });
  const undecided = holds.filter(({ state, at: sentAt }) => state === "unknown" && at - sentAt >= HOUR_MS);
  const [oldest] = undecided;
  const pending = await pendingAlerts(store, at);
  return [
    oldest
      ? {
          check: "open calls",
          state: "look",
          text: `${undecided.length} of unknown fate for up to ${inWords(at - oldest.at)}; run fal-meter reconcile`,
        }
      : { check: "open calls", state: "ok", text: holds.length === 0 ? "none" : `${holds.length} under way` },
    ...(pending.length > 0
      ? [{ check: "alerts", state: "look" as const, text: `${pending.length} wait to be delivered` }]
      : []),
  ];
}
