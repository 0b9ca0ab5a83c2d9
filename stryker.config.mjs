/**
 * Mutation testing: every small change to the code that money hangs on must fail a test.
 * `npm run mutate` does all of it (hours); `npm run mutate -- --mutate src/money.ts` a part.
 */

const SENTENCE = /\S \S/;

/** Strings that are read by people only: changing a word of an error's text is no bug. Its ids and reasons stay in. */
function isErrorText({ node, parentPath }) {
  if (!SENTENCE.test(textOf(node))) return false;
  for (let path = parentPath; path && !path.isStatement(); path = path.parentPath) {
    const called = path.isNewExpression() || path.isCallExpression() ? path.node.callee.name : undefined;
    if (called?.endsWith("Error") || called === "refuse") return true;
    if (path.isVariableDeclarator() && path.node.id.name === "wanted") return true;
  }
  return false;
}

/** @returns {string} of a string or template, its own words; of anything else, none */
function textOf(node) {
  if (node.type === "StringLiteral") return node.value;
  if (node.type === "TemplateLiteral") return node.quasis.map((quasi) => quasi.value.raw).join("x");
  return "";
}

export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "error-text",
    value: { shouldIgnore: (path) => (isErrorText(path) ? "It is the text of an error, for people." : undefined) },
  },
];

/** Each part, and the tests that it is tried on. The Lua scripts are no part: to Stryker they are strings to be emptied. */
const PARTS = {
  "src/money.ts": ["test/money.test.ts"],
  "src/cache/key.ts": ["test/cache/key.test.ts"],
  "src/budget/**/*.ts": ["test/budget/**/*.test.ts"],
  "src/settle/**/*.ts": ["test/settle/**/*.test.ts"],
  "src/wire/**/*.ts": ["test/wire/**/*.test.ts"],
  "src/store/{booking,bounds,rolling,rollup}.ts": ["test/store/{bounds,memory,rolling,rollup}.test.ts"],
  "src/store/memory*.ts": ["test/store/memory.test.ts"],
  "src/store/sqlite*.ts": ["test/store/sqlite*.test.ts"],
  "src/store/redis*.ts": ["test/store/redis*.test.ts"],
};

const asked = process.argv.includes("--mutate") ? process.argv[process.argv.indexOf("--mutate") + 1].split(",") : [];
const parts = Object.keys(PARTS).filter(
  (part) => asked.length === 0 || asked.some((path) => path.startsWith(roomOf(part))),
);

/** @returns {string} what all files of a part begin with */
function roomOf(part) {
  return part.split(/[*{]/)[0];
}

// Stryker's own --testFiles forgets to turn on what is changed at the top level of a module; so it is our configuration
// of Vitest, in another process, that reads this.
process.env.MUTANTS_TESTS ??= parts.flatMap((part) => PARTS[part]).join(":");

/** @type {import("@stryker-mutator/core").PartialStrykerOptions} */
export default {
  mutate: Object.keys(PARTS),
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner", "./stryker.config.mjs"],
  ignorers: ["error-text"],
  vitest: { configFile: "test/mutants.config.ts" },
  coverageAnalysis: "perTest",
  concurrency: 2,
  timeoutMS: 10_000,
  reporters: ["progress-append-only", "clear-text", "json", "html"],
  jsonReporter: { fileName: "test/out/mutants/mutants.json" },
  htmlReporter: { fileName: "test/out/mutants/mutants.html" },
  clearTextReporter: { allowColor: false, reportTests: false },
  tempDirName: "test/out/stryker",
  ignorePatterns: ["dist", ".fal-meter", "test/out"],
  // Only the compiler reads it, and Stryker would read it with a TypeScript of another age.
  tsconfigFile: "none",
  thresholds: { high: 95, low: 85, break: 85 },
};
