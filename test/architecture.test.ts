import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../src/", import.meta.url));

interface Import {
  from: string;
  to: string;
  /** Erased by the compiler: carries a shape, not a value. */
  type: boolean;
}

type Sources = Record<string, string>;

const STATIONS = ["wire", "price", "cache", "budget", "limit", "settle", "ledger", "report"];
const WORDS = ["money.ts", "clock.ts", "call.ts", "errors.ts", "events.ts"];
const PORT = "store/store.ts";
const LINE = [
  "purchase.ts",
  "order.ts",
  "job.ts",
  "read-side.ts",
  "advice-prices.ts",
  "alerting.ts",
  "transfers.ts",
  "sharing.ts",
  "settle/reconcile.ts",
  "settle/true-up.ts",
  "settle/follow.ts",
  "settle/recovery.ts",
  "settle/webhook.ts",
  "settle/aftermath.ts",
];
const DOORS = ["options.ts", "line.ts", "meter.ts", "client.ts", "index.ts"];
const OUTER = ["cli", "dashboard", "gateway", "emulator", "otel"];

/** Who alone may import a package, or use a global. */
const SOLE_IMPORTERS: Record<string, RegExp> = {
  "decimal.js": /^money\.ts$/,
  "p-queue": /^limit\/lane\.ts$/,
  bottleneck: /^limit\/rate\.ts$/,
  "lru-cache": /^cache\//,
  "@fal-ai/client": /^(client|index)\.ts$|^(cli|emulator)\//,
};
const SOLE_USERS: [RegExp, RegExp][] = [
  [/\bDate\.now\(|\bsetTimeout\(|\bsetInterval\(/, /^clock\.ts$|^(cli|emulator|dashboard|gateway)\//],
  [/\bprocess\.env\b|\bprocess\.env\?/, /^options\.ts$|^cli\//],
];

/** The rules: no clock, no promise, no process. */
const PURE =
  /^(wire\/(operation|answer|fate|recent-requests)|settle\/(settlement|posting|billing-events|matching|expiry)|budget\/(budget|window|zone|gate|counter|standing)|price\/(?!live-prices|learned-bills|credit-balance|price-book).*|ledger\/.*|report\/(?!reading|outbox|sinks|turn).*|cache\/cacheability)\.ts$/;
const IMPURE = /\bawait\b|\basync\b|\bPromise\b|\bprocess\.|\bDate\.now\b|new Date\(\)|Math\.random/;

/** Every breach, in a sentence. */
function breaches(sources: Sources): string[] {
  const found: string[] = [];
  const imports = Object.entries(sources).flatMap(([file, text]) => importsOf(file, text));
  for (const edge of imports) found.push(...breachesOf(edge));
  for (const [file, text] of Object.entries(sources)) {
    if (/(^|\/)(utils|helpers|common|types)(\.ts|\/)/.test(file)) found.push(`${file} is a drawer, not a room`);
    if (/.\/index\.ts$/.test(file)) found.push(`${file} is an inner index`);
    const code = withoutComments(text);
    for (const [use, allowed] of SOLE_USERS)
      if (use.test(code) && !allowed.test(file)) found.push(`${file} uses ${use.source}`);
    if (PURE.test(file) && IMPURE.test(code)) found.push(`${file} is a rule and is not pure`);
  }
  const imported = new Set(imports.map(({ to }) => to));
  for (const file of Object.keys(sources)) {
    const entry =
      DOORS.includes(file) ||
      /^(cli\/main|emulator\/emulator|dashboard\/dashboard|otel\/otel|store\/(sqlite|memory|redis))\.ts$/.test(file);
    if (!entry && !imported.has(file)) found.push(`${file} is dead: nobody imports it`);
  }
  return [...found, ...valueCycles(imports)];
}

function breachesOf({ from, to, type }: Import): string[] {
  const [fromRoom, toRoom] = [roomOf(from), roomOf(to)];
  const inLine = (file: string) => LINE.includes(file);
  const sole = SOLE_IMPORTERS[to];
  if (sole && !sole.test(from)) return [`${from} imports ${to}, which is not its to use`];
  if (!to.endsWith(".ts")) return [];
  if (WORDS.includes(from)) return WORDS.includes(to) ? [] : [`${from} is a word and imports ${to}`];
  if (from === PORT) return WORDS.includes(to) && type ? [] : [`${from} is the port and imports ${to}`];
  if (STATIONS.includes(fromRoom) && !inLine(from)) {
    const allowed = toRoom === fromRoom || WORDS.includes(to) || (to === PORT && type);
    return allowed && !inLine(to) ? [] : [`${from} is a station and imports ${to}`];
  }
  if (inLine(from) && (DOORS.includes(to) || OUTER.includes(toRoom)))
    return [`${from} is the line and imports the door ${to}`];
  if (OUTER.includes(toRoom) && toRoom !== fromRoom && fromRoom !== "cli")
    return [`${from} imports the outer door ${to}`];
  if (DOORS.includes(from) && DOORS.includes(to) && DOORS.indexOf(to) >= DOORS.indexOf(from))
    return [`${from} imports ${to}, a door above it`];
  return [];
}

function roomOf(file: string): string {
  return file.includes("/") ? (file.split("/")[0] ?? "") : "";
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
}

function importsOf(file: string, text: string): Import[] {
  const edges: Import[] = [];
  const statement = /(?:^|\n)\s*(?:import|export)\s+(type\s+)?([^;]*?)\s*from\s*"([^"]+)"|import\("([^"]+)"\)/g;
  for (const [, typeOnly, names = "", from, dynamic] of withoutComments(text).matchAll(statement)) {
    const target = from ?? dynamic ?? "";
    const to = target.startsWith(".") ? relative(root, resolve(dirname(join(root, file)), target)) : target;
    const braces = /^\{([\s\S]*)\}$/.exec(names.trim())?.[1];
    const onlyTypes = braces?.split(",").every((name) => name.trim() === "" || name.trim().startsWith("type "));
    edges.push({ from: file, to, type: Boolean(typeOnly || onlyTypes) });
  }
  return edges;
}

function valueCycles(imports: Import[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to, type } of imports)
    if (!type && to.endsWith(".ts")) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (file: string, trail: string[]) => {
    if (trail.includes(file))
      found.push(`a cycle of values: ${[...trail.slice(trail.indexOf(file)), file].join(" → ")}`);
    else if (!done.has(file)) for (const each of next.get(file) ?? []) walk(each, [...trail, file]);
    done.add(file);
  };
  for (const file of next.keys()) walk(file, []);
  return found;
}

function readSources(): Sources {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  return Object.fromEntries(files.map((file) => [file.replaceAll("\\", "/"), readFileSync(join(root, file), "utf8")]));
}

describe("the house", () => {
  it("stands as it was drawn", () => {
    const sources = readSources();
    expect(Object.keys(sources).length).toBeGreaterThan(40);
    expect(breaches(sources)).toEqual([]);
  });

  it.each([
    [
      "a station importing a station",
      "budget/budget.ts",
      'import { x } from "../cache/key.ts";',
      "is a station and imports cache/key.ts",
    ],
    [
      "a station importing the line",
      "limit/lane.ts",
      'import { x } from "../purchase.ts";',
      "is a station and imports purchase.ts",
    ],
    ["a word importing a station", "money.ts", 'import { x } from "./price/estimate.ts";', "is a word and imports"],
    [
      "the port importing a value",
      "store/store.ts",
      'import { x } from "../money.ts";',
      "is the port and imports money.ts",
    ],
    [
      "a store adapter imported by a station",
      "budget/hold.ts",
      'import { x } from "../store/memory.ts";',
      "is a station and imports store/memory.ts",
    ],
    ["decimal.js outside money", "price/estimate.ts", 'import D from "decimal.js";', "imports decimal.js"],
    ["the time outside the clock", "meter.ts", "const t = Date.now();", "uses "],
    ["the environment outside the options", "meter.ts", "const k = process.env.FAL_KEY;", "uses "],
    ["a rule that awaits", "settle/settlement.ts", "await x;", "is a rule and is not pure"],
    ["a drawer", "price/utils.ts", "export const x = 1;", "is a drawer"],
    ["an inner index", "price/index.ts", "export const x = 1;", "is an inner index"],
    ["a dead file", "price/attic.ts", "export const x = 1;", "is dead"],
    ["a cycle", "options.ts", 'import { createMeter } from "./meter.ts";', "a door above it"],
  ])("would not stand with %s", (_name, file, text, breach) => {
    const sources = readSources();
    const broken = breaches({ ...sources, [file]: `${sources[file] ?? ""}\n${text}\n` });
    expect(broken.filter((sentence) => sentence.startsWith(file)).join("\n")).toContain(breach);
  });

  it("would not stand with values that import each other in a ring", () => {
    const ring = { "price/a.ts": 'import { b } from "./b.ts";', "price/b.ts": 'import { a } from "./a.ts";' };
    expect(breaches({ ...readSources(), ...ring })).toContainEqual(
      expect.stringContaining("a cycle of values: price/a.ts → price/b.ts"),
    );
  });
});
