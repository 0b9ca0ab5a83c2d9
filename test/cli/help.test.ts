import { spawn } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { startEmulator } from "fal-meter/emulator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import { type Ended, emptyFolder, environment, MAIN, run, TSX } from "./command.ts";
import { ledgerOf } from "./ledger.ts";

interface Help {
  /** What leads to it: `""`, `report`, `prices show`. */
  words: string;
  text: string;
}

/** Every command that there is, so that a new one cannot forget its example. */
function helpsOf(command: Command, words: readonly string[] = []): Help[] {
  let text = "";
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return [
    { words: words.join(" "), text },
    ...command.commands.flatMap((each) => helpsOf(each, [...words, each.name()])),
  ];
}

const helps = helpsOf(createProgram(createTerminal(process.stdout, {}), () => {}));

/** The lines after `$` in a help text. */
function examplesIn({ text }: Help): string[] {
  return [...text.matchAll(/^ {2}\$ (.+)$/gm)].map(([, line = ""]) => line);
}

/** Runs a line as a reader would paste it into a shell, in a folder with a ledger, with an emulated fal where fal is. */
let inShell: (line: string) => Promise<Ended>;
const emulator = await startEmulator();
afterAll(() => emulator.close());

beforeAll(async () => {
  const { folder: cwd } = await ledgerOf({ budgets: [{ name: "daily", limit: 1, per: "day" }] }, (client) =>
    client.with({ tags: { customer: "acme" } }).run("fal-ai/flux/dev", { input: { prompt: "a boat" } }),
  );
  const tools = emptyFolder();
  const address = new URL("../../src/emulator/address.ts", import.meta.url).href;
  writeFileSync(
    join(tools, "fal.mts"),
    `import { emulatorFetch } from ${JSON.stringify(address)};
const [plain, emulated] = [fetch, emulatorFetch(${JSON.stringify(emulator.url)})];
globalThis.fetch = (input, init) => (/^https:/.test(String(input)) ? emulated : plain)(input, init);
`,
  );
  const imports = [TSX, join(tools, "fal.mts")].map((specifier) => `--import "${specifier}"`).join(" ");
  const program = join(tools, "fal-meter");
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" ${imports} "${MAIN}" "$@"\n`);
  chmodSync(program, 0o755);
  const env = environment({ PATH: `${tools}:${process.env.PATH}`, FAL_KEY: "admin:key" });
  inShell = (line) => {
    const shell = spawn("sh", ["-c", `exec ${line}`], { cwd, env });
    let [out, err] = ["", ""];
    let stopped = false;
    shell.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      if (stopped || !/Ctrl-C stops it\.|^\{"event":"started"/.test(out)) return;
      stopped = true;
      shell.kill("SIGINT");
    });
    shell.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    return new Promise((resolve) => shell.on("close", (code) => resolve({ code, out, err })));
  };
});

describe("the help", () => {
  it("is what the program prints, command by command", async () => {
    expect(helps.length).toBeGreaterThan(18);
    const [root] = helps;
    expect(await run(["--help"])).toEqual({ code: 0, out: root!.text, err: "" });
    const show = helps.find(({ words }) => words === "prices show");
    expect(await run(["prices", "show", "--help"])).toEqual({ code: 0, out: show!.text, err: "" });
  });

  it.each(helps)(
    "of fal-meter $words says how it ends, with an example that works on a ledger",
    async (help) => {
      expect(help.text).toContain("Exit codes: 0");
      const examples = examplesIn(help);
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) {
        const { code, out, err } = await inShell(example);
        expect({ example, code, err }).toEqual({ example, code: 0, err: "" });
        expect(out).not.toBe("");
        expect(out).not.toContain("There is no ledger");
      }
    },
    120_000,
  );

  // The demo takes its time, and has tests of its own.
  it.each(helps.filter(({ words }) => words !== "" && words !== "demo"))(
    "of fal-meter $words promises --json, which is kept",
    async (help) => {
      expect(help.text).toContain("--json");
      for (const example of examplesIn(help).map((line) => `${line} --json`)) {
        const { code, out, err } = await inShell(example);
        expect({ example, code, err }).toEqual({ example, code: 0, err: "" });
        const documents = help.text.includes("JSON document a line") ? out.trim().split("\n") : [out];
        for (const document of documents) expect(JSON.parse(document)).toBeTypeOf("object");
      }
    },
    120_000,
  );
});
