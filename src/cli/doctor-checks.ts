/** What a doctor looks at besides the ledger. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { listedEndpoints, listPrice } from "../price/list-price.ts";
import { rateCardDate } from "../price/rate-card.ts";
import type { Finding } from "./doctor.ts";
import { ageOf } from "./span.ts";

const LEAST_NODE = [20, 19] as const;

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const fits = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  const wanted = `${LEAST_NODE.join(".")} or later is needed`;
  return { check: "node", state: fits ? "ok" : "wrong", text: fits ? version : `${version}, and ${wanted}` };
}

interface Manifest {
  version: string;
  peerDependencies?: Record<string, string>;
}

/** This package, and the client that it stands in for. */
export function checkPackages(): Finding[] {
  const own = manifestIn(new URL("../../", import.meta.url).pathname);
  const wanted = own?.peerDependencies?.["@fal-ai/client"] ?? "";
  const client = installed("@fal-ai/client");
  const [, major, minor = "0"] = /^\^(\d+)\.(\d+)/.exec(wanted) ?? [];
  const [clientMajor, clientMinor = "0"] = client?.version.split(".") ?? [];
  const fits = client !== null && clientMajor === major && Number(clientMinor) >= Number(minor);
  const text = client === null ? "not installed: npm install @fal-ai/client" : client.version;
  return [
    { check: "fal-meter", state: own ? "ok" : "wrong", text: own?.version ?? "its package.json cannot be read" },
    {
      check: "@fal-ai/client",
      state: fits ? "ok" : "wrong",
      text: fits || !client ? text : `${text}, and ${wanted} is needed`,
    },
  ];
}

function installed(name: string): Manifest | null {
  let folder: string;
  try {
    folder = dirname(createRequire(import.meta.url).resolve(name));
  } catch {
    return null;
  }
  for (; folder !== dirname(folder); folder = dirname(folder)) {
    const found = manifestIn(folder);
    if (found?.version) return found;
  }
  return null;
}

function manifestIn(folder: string): Manifest | null {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  } catch {
    return null;
  }
}

/** Whether there is one, and nothing of it. */
export function checkKey({ FAL_KEY, FAL_KEY_ID, FAL_KEY_SECRET }: NodeJS.ProcessEnv): Finding {
  const key = FAL_KEY || (FAL_KEY_ID && FAL_KEY_SECRET ? `${FAL_KEY_ID}:${FAL_KEY_SECRET}` : "");
  if (!key) return { check: "key", state: "look", text: "FAL_KEY is not set; clients need their credentials given" };
  if (/\s/.test(key)) return { check: "key", state: "wrong", text: "FAL_KEY is set, with blanks in it" };
  return { check: "key", state: "ok", text: "FAL_KEY is set" };
}

const OLD_MS = 180 * 86_400_000;

/** The newest of the prices that came with the package. */
export function checkPrices(at: number): Finding {
  const dates = listedEndpoints().flatMap((id) => listPrice(id)?.asOf ?? []);
  const newest = [...dates, rateCardDate].sort().at(-1) ?? rateCardDate;
  const age = ageOf(newest, at) ?? newest;
  const old = at - Date.parse(newest) > OLD_MS;
  const advice = old ? '; update the package, or set prices: { source: "live" }' : "";
  const text = `the rate card is of ${rateCardDate}, the newest of ${dates.length} listed prices is ${age}${advice}`;
  return { check: "prices", state: old ? "look" : "ok", text };
}

/** A purchase is never from tomorrow, nor is the package. */
const SKEW_MS = 300_000;

export function checkClock(at: number, newestAt: number | null): Finding {
  const now = new Date(at).toISOString();
  const ahead = newestAt !== null && newestAt > at + SKEW_MS;
  const text = ahead
    ? `it is ${now}, and the ledger's newest entry is of ${new Date(newestAt).toISOString()}: one of the clocks is wrong`
    : `it is ${now}`;
  return { check: "clock", state: ahead ? "wrong" : "ok", text };
}
