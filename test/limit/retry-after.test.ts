import { expect, test } from "vitest";
import { retryAfterMs } from "../../src/limit/retry-after.ts";

const now = Date.UTC(2026, 10, 23, 12, 0, 0);

test.each([
  ["7", 7_000],
  [" 0 ", 0],
  ["1.5", 1_500],
  ["Mon, 23 Nov 2026 12:00:30 GMT", 30_000],
  ["Monday, 23-Nov-26 12:00:30 GMT", 30_000],
  ["Mon, 23 Nov 2026 11:00:00 GMT", 0],
])("%j is understood", (header, ms) => {
  expect(retryAfterMs(header, now)).toBe(ms);
});

test.each(["86400", "9999999999", "Tue, 24 Nov 2026 12:00:00 GMT"])("%j is held to ten minutes", (header) => {
  expect(retryAfterMs(header, now)).toBe(600_000);
});

test.each([null, "", "soon", "-5", "1e9", "2026-11-23T12:00:30Z", "Mon, nonsense"])("%j says nothing", (header) => {
  expect(retryAfterMs(header, now)).toBeNull();
});
