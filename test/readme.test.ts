import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as published from "fal-meter";
import { createFalClient, createMeter, MeterError, OptionsError } from "fal-meter";
import { createDashboard } from "fal-meter/dashboard";
import { describe, expect, it, onTestFinished } from "vitest";
import { createProgram } from "../src/cli/program.ts";
import { createTerminal } from "../src/cli/terminal.ts";
import { createMemoryStore } from "../src/store/memory.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const readme = await readFile(join(root, "README.md"), "utf8");
const lines = readme.split("\n");

interface Block {
  language: string;
  code: string;
  /** Of the opening fence, from 1. */
  line: number;
}

const blocks: Block[] = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map((match) => ({
  language: match[1] ?? "",
  code: match[2] ?? "",
  line: readme.slice(0, match.index).split("\n").length,
}));

/** A block that imports nothing is a fragment: it goes on from where the blocks before it have made a client and a meter. */
const PRELUDE = `import type { Meter, MeteredFalClient } from "fal-meter";
declare const fal: MeteredFalClient;
declare const meter: Meter;
`;

function program({ code }: Block): string {
  return /^import /m.test(code) ? code : `${PRELUDE}${code}`;
}

/** The two states that a diff leads from and to. */
function sides({ code, line }: Block): Block[] {
  const side = (dropped: string) =>
    code
      .split("\n")
      .filter((each) => !each.startsWith(dropped))
      .map((each) => each.slice(1))
      .join("\n");
  return [
    { language: "ts", code: side("+"), line },
    { language: "ts", code: side("-"), line: line + 0.5 },
  ];
}

const programs = blocks.flatMap((block) => {
  if (block.language === "diff") return sides(block);
  return block.language === "ts" ? [block] : [];
});

/** What the compiler says of these programs, each in a file of its own. */
async function compiled(sources: ReadonlyMap<string, string>): Promise<string> {
  await mkdir(join(root, "test/out"), { recursive: true });
  // Hidden, so that a type check of the whole repository that runs meanwhile passes over it.
  const folder = await mkdtemp(join(root, "test/out/.readme-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [file, source] of sources) await writeFile(join(folder, file), source);
  const config = {
    extends: "../../../tsconfig.json",
    compilerOptions: { noUnusedLocals: false },
    files: [...sources.keys()],
    include: [],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(root, "node_modules/.bin/tsc");
  const told = await promisify(execFile)(tsc, ["-p", folder, "--pretty", "false"], { cwd: folder }).catch(
    (failure: { stdout: string }) => failure,
  );
  return told.stdout;
}

/** The first cell of every row of the tables under a heading, its code spans alone. */
function tabled(heading: string): string[] {
  const start = lines.indexOf(heading);
  expect(start, `there is a heading "${heading}"`).toBeGreaterThan(-1);
  const end = lines.findIndex((line, index) => index > start && line.startsWith("#"));
  const rows = lines.slice(start, end === -1 ? undefined : end).filter((line) => line.startsWith("| `"));
  return rows.flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name));
}

/** What a misspelt option is told that it could have been. */
function known(make: () => unknown): string[] {
  try {
    make();
  } catch (error) {
    if (error instanceof OptionsError) return (/known are ([^)]*)/.exec(error.wanted)?.[1] ?? "").split(", ");
    throw error;
  }
  throw new Error("a misspelt option was taken");
}

const misspelt = { misspelt: 1 } as object;

describe("the README", () => {
  it("shows code within its first fifteen lines, and it is the change of one import", () => {
    expect(blocks[0]).toMatchObject({ language: "diff" });
    expect(blocks[0]!.line).toBeLessThanOrEqual(15);
  });

  it("has only code that compiles", async () => {
    expect(programs.length).toBeGreaterThan(10);
    const sources = new Map(programs.map((block) => [`line-${block.line}.ts`, `${program(block)}\nexport {};\n`]));
    expect(await compiled(sources)).toBe("");
  });

  it("would be told of a block that does not", async () => {
    const wrong: Block = { language: "ts", code: "const spent: number = await meter.spend();", line: 1 };
    expect(await compiled(new Map([["wrong.ts", `${program(wrong)}\nexport {};\n`]]))).toContain("is not assignable");
  });

  it.each([
    ["### Options", () => createMeter(misspelt)],
    ["#### `budgets`", () => createMeter({ budgets: [{ limit: 1, per: "day", ...misspelt }] })],
    ["#### `limits`", () => createMeter({ limits: misspelt })],
    ["#### `cache`", () => createMeter({ cache: { ttl: "1h", ...misspelt } })],
    ["### Dashboard", () => createDashboard({ store: createMemoryStore(), ...misspelt })],
    ["### Scope", () => createFalClient({ meter: { store: "memory:" } }).with(misspelt)],
  ])("lists every option under %s, and none that does not exist", (heading, make) => {
    expect(tabled(heading).sort()).toEqual(known(make).sort());
  });

  it("lists every option of prices, contract and discounts, and none that does not exist", () => {
    const members = (name: "prices" | "contract" | "discounts") =>
      known(() => createMeter({ [name]: misspelt })).map((member) => `${name}.${member}`);
    const inputs = known(() => createMeter({ prices: { inputs: misspelt } })).map(
      (member) => `prices.inputs.${member}`,
    );
    const wanted = [...members("prices"), ...members("contract"), ...members("discounts"), ...inputs];
    const listed = tabled("#### `prices`, `contract`, `discounts`");
    expect(listed.sort()).toEqual(wanted.filter((name) => name !== "prices.inputs").sort());
  });

  it("lists every command of the program, and none that does not exist", () => {
    const commands = createProgram(createTerminal(process.stdout, {}), () => {}).commands.map((each) => each.name());
    const listed = rowsUnder("### Command line").map(([name = ""]) => /^`([a-z-]+)/.exec(name)?.[1]);
    expect(listed.sort()).toEqual(commands.sort());
  });

  it("lists every error that can be caught, with fields that exist", async () => {
    const ours = Object.entries(published).flatMap(([name, value]) =>
      typeof value === "function" && value.prototype instanceof MeterError ? [name] : [],
    );
    expect(tabled("### Errors").sort()).toEqual(ours.sort());
    const uses = rowsUnder("### Errors").map(([name, , fields = ""]) => {
      const keys = [...fields.matchAll(/`(\w+)`/g)].map(([, field]) => `"${field}"`);
      return `export const of${name!.replaceAll("`", "")}: (keyof ${name!.replaceAll("`", "")})[] = [${keys.join(", ")}];`;
    });
    const imports = `import type { ${ours.join(", ")} } from "fal-meter";`;
    expect(await compiled(new Map([["errors.ts", [imports, ...uses].join("\n")]]))).toBe("");
  });

  it("names only events that exist, with fields that they have", async () => {
    const uses = rowsUnder("### Events").map(([type, fields = ""], index) => {
      const keys = [...fields.matchAll(/`(\w+)`/g)].map(([, field]) => `"${field}"`);
      return `export const event${index}: (keyof MeterEventOf<"${type!.replaceAll("`", "")}">)[] = [${keys.join(", ")}];`;
    });
    expect(uses.length).toBeGreaterThan(10);
    const imports = 'import type { MeterEventOf } from "fal-meter";';
    expect(await compiled(new Map([["events.ts", [imports, ...uses].join("\n")]]))).toBe("");
  });

  it("lists every event that is ever told", () => {
    const src = join(root, "src");
    const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    const told = files.flatMap((file) => {
      const code = readFileSync(join(src, file), "utf8");
      return [...code.matchAll(/emit\(\{[^}]*?type: "([\w-]+)"/g)].map(([, type]) => type);
    });
    expect(new Set(told).size).toBeGreaterThan(10);
    expect([...new Set(told)].sort()).toEqual(tabled("### Events").sort());
  });

  it("points only at files, headings and scripts that are there", async () => {
    const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, target = ""]) => target);
    const anchors = new Set(lines.filter((line) => line.startsWith("#")).map(anchorOf));
    const broken = links.filter((target) =>
      target.startsWith("#") ? !anchors.has(target.slice(1)) : !existsSync(join(root, target)),
    );
    expect(broken).toEqual([]);
    const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { scripts: object };
    const run = [...readme.matchAll(/npm run ([\w:]+)/g)].map(([, script]) => script);
    expect(run.filter((script) => !(script! in scripts))).toEqual([]);
  });
});

function rowsUnder(heading: string): string[][] {
  const start = lines.indexOf(heading);
  const end = lines.findIndex((line, index) => index > start && line.startsWith("#"));
  return lines
    .slice(start, end)
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

function anchorOf(heading: string): string {
  return heading
    .replace(/^#+ /, "")
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}
