import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const src = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^fal-meter\/emulator$/, replacement: src("emulator/emulator.ts") },
      { find: /^fal-meter\/sqlite$/, replacement: src("store/sqlite.ts") },
      { find: /^fal-meter\/redis$/, replacement: src("store/redis.ts") },
      { find: /^fal-meter\/dashboard$/, replacement: src("dashboard/dashboard.ts") },
      { find: /^fal-meter\/otel$/, replacement: src("otel/otel.ts") },
      { find: /^fal-meter$/, replacement: src("index.ts") },
    ],
  },
  test: { include: ["test/**/*.test.ts"], testTimeout: 30_000, hookTimeout: 30_000, pool: "forks", maxWorkers: 2 },
});
