/**
 * `npm test`: everything that must hold, in one go. A step that fails does not stop the next, every step's output is
 * shown as it comes, and the last line is `N passed, N failed`: vitest's tests, and one for each other step.
 *
 * The tests talk to a real Redis, a real Chromium, zsh and fish. Where they are missing they are installed from Debian's packages;
 * where that is not possible, the tests that need them fail and say so.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

interface Tally {
  passed: number;
  failed: number;
}

interface Step {
  heading: string;
  run(): Promise<Tally>;
}

const root = fileURLToPath(new URL("../", import.meta.url));
const vitestReport = join(root, "test/out/vitest.json");
const windows = process.platform === "win32";

const steps: readonly Step[] = [
  { heading: "Types", run: () => one("tsc", ["--noEmit"]) },
  { heading: "Lint", run: () => one("biome", ["check", "."]) },
  { heading: "Dead exports and dependencies", run: () => one("knip", ["--no-progress"]) },
  { heading: "Build", run: build },
  { heading: "Built package, loaded by plain Node", run: () => one(process.execPath, ["test/smoke.mjs"]) },
  { heading: "Contents of the package", run: packed },
  { heading: "Redis, Chromium and shells", run: programsNeeded },
  { heading: "Tests", run: tests },
];

/** Where `npm install` puts the programs of this project's own packages. */
const programs = join(root, "node_modules", ".bin");

function start(command: string, args: readonly string[], stdout: "inherit" | "pipe") {
  const path = `${programs}${windows ? ";" : ":"}${process.env.PATH ?? ""}`;
  // On Windows the programs are .cmd files, which only a shell runs.
  return spawn(command, args, {
    cwd: root,
    env: { ...process.env, PATH: path, DEBIAN_FRONTEND: "noninteractive" },
    stdio: ["ignore", stdout, "inherit"],
    shell: windows,
  });
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  const child = start(command, args, "inherit");
  const [code] = await once(child, "close");
  return code === 0;
}

async function one(command: string, args: readonly string[]): Promise<Tally> {
  return tallyOf(await succeeds(command, args));
}

function tallyOf(passed: boolean): Tally {
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1 };
}

/** From nothing, so that no file of an earlier build is packed. */
async function build(): Promise<Tally> {
  await rm(join(root, "dist"), { recursive: true, force: true });
  return one("tsc", ["-p", "tsconfig.build.json"]);
}

/** What would be published: all that package.json points at, and none of the sources or tests. */
async function packed(): Promise<Tally> {
  const child = start("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], "pipe");
  const [listing, [code]] = await Promise.all([text(child.stdout!), once(child, "close")]);
  if (code !== 0) return tallyOf(false);
  const [{ files, size }] = JSON.parse(listing) as [{ files: { path: string }[]; size: number }];
  const paths = new Set(files.map(({ path }) => path));
  const missing = (await promisedPaths()).filter((path) => !paths.has(path));
  const stray = [...paths].filter((path) => !/^(dist\/|(README\.md|LICENSE|CHANGELOG\.md|package\.json)$)/.test(path));
  for (const path of missing) console.error(`missing: ${path}`);
  for (const path of stray) console.error(`does not belong: ${path}`);
  console.log(`${paths.size} files, ${Math.round(size / 1024)} KiB packed`);
  return tallyOf(missing.length === 0 && stray.length === 0);
}

async function promisedPaths(): Promise<string[]> {
  const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    exports: Record<string, string | Record<string, string>>;
    bin: Record<string, string>;
  };
  const targets = Object.values(manifest.exports).flatMap((each) =>
    typeof each === "string" ? each : Object.values(each),
  );
  const promised = [...targets, ...Object.values(manifest.bin)].map((path) => path.replace(/^\.\//, ""));
  return [...promised, "README.md", "LICENSE", "CHANGELOG.md"];
}

/** What the tests need of the system: the program, and the Debian package that it comes in. */
const NEEDED = [
  { program: "/usr/bin/redis-server", debianPackage: "redis-server" },
  { program: "/usr/bin/chromium", debianPackage: "chromium" },
  { program: "/usr/bin/zsh", debianPackage: "zsh" },
  { program: "/usr/bin/fish", debianPackage: "fish" },
];

async function programsNeeded(): Promise<Tally> {
  const missing = NEEDED.filter(({ program }) => !existsSync(program)).map(({ debianPackage }) => debianPackage);
  if (missing.length === 0) {
    console.log("are there");
    return { passed: 0, failed: 0 };
  }
  console.log(`installing ${missing.join(" and ")}`);
  const [apt, ...prefix] = process.getuid?.() === 0 ? ["apt-get"] : ["sudo", "-n", "apt-get"];
  const options = [...prefix, "-qq", "-y", "--no-install-recommends"];
  const installed =
    (await succeeds(apt!, [...prefix, "-qq", "update"])) && (await succeeds(apt!, [...options, "install", ...missing]));
  if (!installed) console.error(`could not be installed: ${missing.join(", ")}. The tests that need them will fail.`);
  return { passed: 0, failed: 0 };
}

async function tests(): Promise<Tally> {
  await rm(vitestReport, { force: true });
  await mkdir(join(root, "test/out"), { recursive: true });
  const passed = await succeeds("vitest", [
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${vitestReport}`,
  ]);
  const report = await readReport();
  if (!report) return tallyOf(false);
  // A file that does not load has no tests that could fail, and an error outside of every test fails none.
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some(({ status }) => status === "failed"),
  );
  const failed = report.numFailedTests + unloaded.length;
  return { passed: report.numPassedTests, failed: passed ? failed : Math.max(1, failed) };
}

interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

async function readReport(): Promise<VitestReport | null> {
  try {
    return JSON.parse(await readFile(vitestReport, "utf8")) as VitestReport;
  } catch {
    console.error("vitest left no report");
    return null;
  }
}

const total: Tally = { passed: 0, failed: 0 };
for (const { heading, run } of steps) {
  console.log(`\n=== ${heading}`);
  const begun = performance.now();
  const { passed, failed } = await run();
  total.passed += passed;
  total.failed += failed;
  console.log(`--- ${failed === 0 ? "passed" : "FAILED"} in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
}
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
