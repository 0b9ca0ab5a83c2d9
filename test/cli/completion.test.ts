import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { completionScript, type Words } from "../../src/cli/completion-script.ts";
import { emptyFolder, run } from "./command.ts";

let words: Words[];
let bash: string;

beforeAll(async () => {
  bash = (await run(["completion", "bash"])).out;
  words = JSON.parse((await run(["completion", "bash", "--json"])).out).words;
});

/** What bash offers after these words. */
function offered(...typed: string[]): string[] {
  const file = join(emptyFolder(), "completion.bash");
  const line = ["fal-meter", ...typed].map((word) => `'${word}'`).join(" ");
  writeFileSync(
    file,
    `${bash}\nCOMP_WORDS=(${line})\nCOMP_CWORD=${typed.length}\n_fal_meter\nprintf '%s\\n' "\${COMPREPLY[@]}"\n`,
  );
  const { stdout, stderr } = spawnSync("bash", ["--norc", file], { encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout.split("\n").filter((word) => word !== "");
}

describe("fal-meter completion", () => {
  it("offers in bash what the program has", () => {
    expect(offered("re").sort()).toEqual(["reconcile", "report"]);
    expect(offered("report", "")).toEqual(expect.arrayContaining(["day", "week", "month", "--by", "--help"]));
    expect(offered("report", "day", "--format", "h")).toEqual(["html"]);
    expect(offered("prices", "sh")).toEqual(["show"]);
    expect(offered("spend", "--wa")).toEqual(["--watch"]);
    expect(offered("spend", "report", "--fo")).toEqual([]);
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

  it("makes scripts for zsh and fish of the same words", () => {
    const [zsh, fish] = [completionScript("zsh", words), completionScript("fish", words)];
    expect(zsh).toMatch(/^#compdef fal-meter\n/);
    expect(fish).toContain(
      `complete -c fal-meter -n '__fal_meter_at "/report"' -l format -x -a 'table json csv md html focus'`,
    );
    for (const { word } of words.flatMap((each) => each.words)) expect(zsh).toContain(word);
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
