import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { completionScript, type Words } from "../../src/cli/completion-script.ts";
import { emptyFolder, run } from "./command.ts";

let words: Words[];

beforeAll(async () => {
  words = JSON.parse((await run(["completion", "bash", "--json"])).out).words;
});

/** What a shell answers that runs the script and then these lines. */
function answered(shell: "bash" | "zsh" | "fish", lines: string): string[] {
  const file = join(emptyFolder(), `completion.${shell}`);
  writeFileSync(file, lines);
  const bare = { bash: "--norc", zsh: "-f", fish: "--no-config" }[shell];
  const { stdout, stderr, error } = spawnSync(shell, [bare, file], { encoding: "utf8" });
  if (error) throw new Error(`${shell} is needed. Install it: apt-get install ${shell}`, { cause: error });
  expect(stderr).toBe("");
  return stdout.split("\n").filter((word) => word !== "");
}

/** What each shell offers after these words, the last of them begun. */
const offers = {
  bash(...typed: string[]) {
    const line = ["fal-meter", ...typed].map((word) => `'${word}'`).join(" ");
    const ask = `COMP_WORDS=(${line})\nCOMP_CWORD=${typed.length}\n_fal_meter\nprintf '%s\\n' "\${COMPREPLY[@]}"\n`;
    return answered("bash", `${completionScript("bash", words)}\n${ask}`);
  },
  zsh(...typed: string[]) {
    const line = ["fal-meter", ...typed].map((word) => `'${word}'`).join(" ");
    // zsh itself keeps of the choices what begins as the last word does; here that is left to do.
    const listing = `compdef() {}\n_files() {}\n_describe() { print -rl -- "\${(@)choices%%:*}" }\n`;
    const ask = `words=(${line})\nCURRENT=${typed.length + 1}\n_fal_meter\n`;
    const all = answered("zsh", `${listing}${completionScript("zsh", words)}\n${ask}`);
    return all.filter((word) => word.startsWith(typed.at(-1) ?? ""));
  },
  fish(...typed: string[]) {
    const ask = `complete -C '${["fal-meter", ...typed].join(" ")}'\n`;
    return answered("fish", `${completionScript("fish", words)}\n${ask}`).map((line) => line.split("\t")[0]!);
  },
};

describe("fal-meter completion", () => {
  it.each(Object.entries(offers))("offers in %s what the program has", (_shell, offered) => {
    expect(offered("re").sort()).toEqual(["reconcile", "report"]);
    expect(offered("report", "")).toEqual(expect.arrayContaining(["day", "week", "month"]));
    expect(offered("report", "--b")).toEqual(["--by"]);
    expect(offered("report", "day", "--format", "h")).toEqual(["html"]);
    expect(offered("prices", "sh")).toEqual(["show"]);
    expect(offered("spend", "--wa")).toEqual(["--watch"]);
  });

  it("prints the script of the shell that was asked for", async () => {
    for (const shell of ["bash", "zsh", "fish"] as const)
      expect((await run(["completion", shell])).out).toBe(completionScript(shell, words));
  });

  it("knows every command and every option that the help knows", async () => {
    const help = (await run(["--help"])).out;
    const commands = [...help.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name!);
    const known = words.find(({ place }) => place === "")!.words.map(({ word }) => word);
    expect(known).toEqual(expect.arrayContaining(commands));
    expect(commands.length).toBeGreaterThan(12);
    const report = (await run(["report", "--help"])).out;
    const options = [...report.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, name]) => name!);
    const ofReport = words.find(({ place }) => place === "/report")!.words.map(({ word }) => word);
    expect(ofReport).toEqual(expect.arrayContaining(options));
  });

  it("quotes what a description says, so that no shell runs it", () => {
    const evil = [{ place: "", words: [{ word: "x", about: "it's $(touch owned) `id`", values: [] }] }];
    for (const shell of ["bash", "zsh", "fish"] as const) {
      const script = completionScript(shell, evil);
      expect(script.replaceAll("'\\''", "").replace(/'[^']*'/g, "")).not.toContain("touch");
    }
  });

  it("ends with 2 for a shell that nobody knows", async () => {
    expect((await run(["completion", "tcsh"])).code).toBe(2);
  });
});
