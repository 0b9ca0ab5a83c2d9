import { connectRedisStore } from "../../src/store/redis.ts";
import { describeStore } from "./contract.ts";
import { startRedis } from "./redis-server.ts";

const server = await startRedis();
let ledgers = 0;

describeStore("redis", async (bounds) => {
  ledgers += 1;
  return connectRedisStore({ url: server.url, prefix: `ledger-${ledgers}`, ...bounds });
});
