/**
 * What an installed copy must do, from plain JavaScript without a loader: every entry point loads by its public name, a
 * call is metered, and the program runs.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createFalClient, fal, isMeterError } from "fal-meter";
import { startEmulator } from "fal-meter/emulator";
import manifest from "fal-meter/package.json" with { type: "json" };
import { openSqliteStore } from "fal-meter/sqlite";

assert.equal(typeof fal.subscribe, "function");
assert.equal(typeof isMeterError, "function");
assert.equal(typeof openSqliteStore, "function");

const emulator = await startEmulator();
const client = createFalClient({ credentials: "none", fetch: emulator.fetch, meter: { store: "memory:" } });
const { requestId } = await client.subscribe("fal-ai/flux/schnell", { input: { prompt: "smoke" } });
const receipt = await client.meter.receipt(requestId);
assert.equal(receipt?.outcome, "charged");
assert.equal(receipt?.actual?.toFixed(), emulator.book.total().toFixed());
await client.meter.close();
await emulator.close();

const program = fileURLToPath(new URL(`../${manifest.bin["fal-meter"]}`, import.meta.url));
const version = execFileSync(process.execPath, [program, "--version"], { encoding: "utf8" }).trim();
assert.equal(version, manifest.version);
console.log(`fal-meter ${version} loads, meters a call and runs`);
