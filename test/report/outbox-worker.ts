import { systemClock } from "../../src/clock.ts";
import { createOutbox } from "../../src/report/outbox.ts";
import { callbackSink, webhookSink } from "../../src/report/sinks.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { alertNamed } from "./receiver.ts";

/**
 * One of several processes that share an outbox. `deliver`: takes the same alerts in as the others and delivers until none is
 * left. `die`: takes them in, and is killed in the middle of its deliveries.
 */
const [task = "", path = "", url = "", count = "0"] = process.argv.slice(2);
const store = await openSqliteStore(path, { retryForMs: 30_000 });
const web = await webhookSink({ url }, systemClock);
const alerts = Array.from({ length: Number(count) }, (_, i) => alertNamed(`a${i}`, systemClock.now()));

if (task === "die") {
  let sent = 0;
  const dying = callbackSink(web.name, async (alert) => {
    sent += 1;
    // Says where it is, and waits there to be killed.
    if (sent > Number(count) / 2) {
      process.send!("halfway");
      await new Promise(() => {});
    }
    await web.send(alert);
  });
  const outbox = createOutbox({ store, clock: systemClock, sinks: [dying] });
  await outbox.add(alerts);
  await outbox.deliver();
} else {
  process.send!("ready");
  await new Promise((resolve) => process.once("message", resolve));
  const outbox = createOutbox({ store, clock: systemClock, sinks: [web] });
  await outbox.add(alerts);
  let round = await outbox.deliver();
  while (round === null || round.pending > 0) round = await outbox.deliver();
  process.send!(round.delivered);
}
await store.close();
process.disconnect();
