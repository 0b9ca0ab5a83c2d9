import { beforeAll, describe, expect, it } from "vitest";
import { createFalClient } from "../../src/client.ts";
import { StoreError } from "../../src/errors.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { image, input, openEmulator } from "../flow/open.ts";
import { accessibilityFindings, expectNoSidewaysScroll, openPage, settled, shot } from "./chromium.ts";
import { chargesOf, estimateOf, nano, trade } from "./ledger.ts";
import { afternoon, served, stillClock } from "./served.ts";

const evil = "<img src=x onerror=alert(1)>";
const evilTag = `"'><script>alert(2)</script>\n\u202egnp`;

/** Two weeks of a studio's trade, and two calls under way. */
const studio = createMemoryStore();

beforeAll(async () => {
  await trade(studio, stillClock, 700);
  await open(studio, "open-1", "fal-ai/veo3.1/fast", "1.2");
  await open(studio, "open-2", "fal-ai/flux/dev", "0.025");
  await studio.bind("open-2", "request-open-2");
});

async function open(
  store: Store,
  id: string,
  endpointId: string,
  amount: string,
  tags: Record<string, string> = { customer: "acme" },
) {
  const at = afternoon - 2_000;
  const purchase = {
    endpointId,
    transport: "queue" as const,
    tags,
    key: null,
    digest: null,
    estimate: estimateOf(amount),
  };
  await store.hold({ id, at, amount: nano(amount), charges: chargesOf({ endpointId, tags }, at), purchase });
}

async function bought(store: Store, id: string, endpointId: string, tags: Record<string, string>) {
  await open(store, id, endpointId, "0.04", tags);
  const post = { amount: nano("0.04") };
  await store.settle(id, {
    at: afternoon - 1_000,
    outcome: "charged",
    requestId: id,
    post,
    basis: "billed-units",
    billableUnits: "1",
    note: null,
  });
}

describe("the page", () => {
  it("shows the money, the budgets, the models, the tags and the calls of a ledger", async () => {
    const { page, complaints } = await openPage({ colorScheme: "light" });
    await page.goto(await served({ store: studio, clock: stillClock }));
    await settled(page);
    expect(await page.locator("#tile-held .figure").textContent()).toBe("$1.23");
    expect(await page.locator("#tile-month .sub").textContent()).toContain("likely");
    expect(await page.locator("#budget-list li").first().textContent()).toMatch(
      /Everything.*of \$40\.00.*resets in 8 h 40 min/,
    );
    expect(await page.locator("#model-list tbody tr").count()).toBe(8);
    expect(await page.locator("#tag-list caption").textContent()).toContain("customer");
    expect(await page.locator("#call-rows tr[data-outcome=held]").textContent()).toMatch(
      /fal-ai\/veo3\.1\/fast.*sending.*\$1\.20 held/,
    );
    await page.locator("#chart canvas").waitFor();
    await shot(page, "light");
    expect(complaints).toEqual([]);
  });

  it("is the same page in the dark, by the system's wish and by the button", async () => {
    const { page, complaints } = await openPage({ colorScheme: "dark" });
    const url = await served({ store: studio, clock: stillClock });
    await page.goto(url);
    await settled(page);
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await ground();
    await page.locator("#chart canvas").waitFor();
    await shot(page, "dark");
    await page.getByRole("button", { name: "Dark theme" }).click();
    const light = await ground();
    expect(light).not.toBe(dark);
    await page.reload();
    await settled(page);
    expect(await ground()).toBe(light);
    expect(complaints).toEqual([]);
  });

  it("fits a phone of 360 pixels without scrolling sideways", async () => {
    const { page, complaints } = await openPage({ viewport: { width: 360, height: 740 }, colorScheme: "light" });
    await page.goto(await served({ store: studio, clock: stillClock }));
    await settled(page);
    await page.locator("#chart canvas").waitFor();
    await expectNoSidewaysScroll(page);
    await shot(page, "phone");
    await page.getByRole("radio", { name: "Dates" }).check();
    await expectNoSidewaysScroll(page);
    expect(complaints).toEqual([]);
  });

  it.each(["light", "dark"] as const)("has no serious accessibility finding in the %s", async (colorScheme) => {
    const { page } = await openPage({ colorScheme });
    await page.goto(await served({ store: studio, clock: stillClock }));
    await settled(page);
    await page.locator("#chart canvas").waitFor();
    await page.getByText("The same as a table").click();
    expect(await accessibilityFindings(page)).toEqual([]);
  });

  it("has no serious accessibility finding on a phone", async () => {
    const { page } = await openPage({ viewport: { width: 360, height: 740 } });
    await page.goto(await served({ store: studio, clock: stillClock }));
    await settled(page);
    expect(await accessibilityFindings(page)).toEqual([]);
  });
});

describe("live", () => {
  it("shows calls as they run through a meter, and refusals, without being asked", async () => {
    const emulator = await openEmulator();
    const store = createMemoryStore();
    const fal = createFalClient({
      credentials: "id:secret",
      fetch: emulator.fetch,
      meter: { store, budgets: [{ name: "Today", limit: "0.10", per: "day" }], cache: { ttl: "1h" } },
    });
    const { page, complaints } = await openPage();
    await page.goto(await served({ store, meter: fal.meter }));
    await page.locator("#live[data-state=live]").waitFor();
    await page.getByRole("heading", { name: "No calls yet" }).waitFor();

    await fal.with({ tags: { customer: "acme" } }).subscribe(image, { input });
    await page.locator("#call-rows tr").filter({ hasText: "billed" }).filter({ hasText: "$0.04" }).waitFor();
    await expect.poll(() => page.locator("#tile-today .figure").textContent()).toBe("$0.04");
    expect(await page.locator("#empty").isHidden()).toBe(true);

    await fal.subscribe(image, { input: { ...input, num_images: 4 } }).catch(() => {});
    await page.locator("#call-rows tr").filter({ hasText: "refused" }).filter({ hasText: "by Today" }).waitFor();
    await expect.poll(() => page.locator("#latest").textContent()).toContain("refused");
    await expect.poll(() => page.locator("#budget-list li").first().textContent()).toContain("$0.06 left");
    expect(complaints).toEqual([]);
    await fal.meter.close();
  });

  it("says that it lost the dashboard, and keeps what it showed", async () => {
    const { page } = await openPage();
    await page.goto(await served({ store: studio, clock: stillClock }));
    await settled(page);
    const spent = await page.locator("#tile-month .figure").textContent();
    await page.context().setOffline(true);
    await page.getByRole("radio", { name: "30 days" }).check();
    await page.getByRole("alert").getByText("The dashboard does not answer.").waitFor();
    expect(await page.locator("#tile-month .figure").textContent()).toBe(spent);
    await page.context().setOffline(false);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator("#trouble").waitFor({ state: "hidden" });
  });
});

describe("filters", () => {
  it("narrow the page down to an endpoint, a tag and a time, and the address says so", async () => {
    const { page } = await openPage();
    const url = await served({ store: studio, clock: stillClock });
    await page.goto(url);
    await settled(page);
    await page.getByRole("button", { name: "fal-ai/nano-banana-pro" }).click();
    await expect.poll(() => page.locator("#model-list tbody tr").count()).toBe(1);
    await page.locator("select[name=tag]").selectOption("customer");
    await page.locator("select[name=value]").selectOption("acme");
    await page.getByRole("radio", { name: "30 days" }).check();
    await settled(page);
    await expect.poll(() => page.locator("#tag-list tbody tr").count()).toBe(1);
    const shown = await page.locator("#call-rows tr").allTextContents();
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.every((text) => text.includes("fal-ai/nano-banana-pro") && text.includes("customer acme"))).toBe(true);
    expect(new URL(page.url()).search).toBe("?range=30d&endpoint=fal-ai%2Fnano-banana-pro&tag=customer&value=acme");

    await page.reload();
    await settled(page);
    await expect.poll(() => page.locator("#model-list tbody tr").count()).toBe(1);
    await page.getByRole("button", { name: "Clear" }).click();
    await expect.poll(() => page.locator("#model-list tbody tr").count()).toBe(8);
  });

  it("take a glob, the dates of a past week, and hours or days", async () => {
    const { page } = await openPage();
    await page.goto(await served({ store: studio, clock: stillClock }));
    await settled(page);
    await page.getByPlaceholder("Any endpoint").fill("*video*");
    await page.getByPlaceholder("Any endpoint").press("Enter");
    await expect.poll(() => page.locator("#model-list tbody tr").count()).toBe(2);
    await page.getByRole("radio", { name: "Hours" }).check();
    await page.getByText("The same as a table").click();
    await expect.poll(() => page.locator("#spending-table tbody tr").count()).toBeGreaterThan(100);
    await page.getByRole("radio", { name: "Dates" }).check();
    await page.getByLabel("From").fill("2026-11-02");
    await page.getByLabel("to", { exact: true }).fill("2026-11-04");
    await expect.poll(() => page.locator("#spending-table tbody tr").count()).toBe(3);
    await page.getByRole("radio", { name: "Hours" }).check();
    await expect.poll(() => page.locator("#spending-table tbody tr").count()).toBe(72);
    const days = await page
      .locator("#call-rows time")
      .evaluateAll((times) => times.map((time) => time.getAttribute("datetime")?.slice(0, 10)));
    expect(new Set(days)).toEqual(new Set(["2026-11-02", "2026-11-03", "2026-11-04"]));
  });

  it("show older calls when asked", async () => {
    const { page } = await openPage();
    await page.goto(await served({ store: studio, clock: stillClock }));
    await settled(page);
    const before = await page.locator("#call-rows tr").count();
    await page.getByRole("button", { name: "Show older calls" }).click();
    await expect.poll(() => page.locator("#call-rows tr").count()).toBe(before + 25);
  });
});

describe("the keyboard", () => {
  it("reaches the filters, a model and the older calls, and sees where it is", async () => {
    const { page } = await openPage();
    await page.goto(await served({ store: studio, clock: stillClock }));
    await settled(page);
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the figures");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => new URL(page.url()).search).toBe("?range=30d");
    await page.locator("#spending-lead", { hasText: "30 days" }).waitFor();
    await settled(page);
    const reached: string[] = [];
    for (let step = 0; step < 80 && !reached.includes("more"); step += 1) {
      await page.keyboard.press("Tab");
      const { id, text, ring } = await page.evaluate(() => {
        const focused = document.activeElement as HTMLElement;
        const seen = focused.matches("input[type=radio]") ? (focused.nextElementSibling ?? focused) : focused;
        return { id: focused.id, text: focused.textContent ?? "", ring: getComputedStyle(seen).outlineStyle };
      });
      expect(ring, `${id} ${text}`).not.toBe("none");
      reached.push(id, text);
    }
    expect(reached).toContain("fal-ai/flux/dev");
    expect(reached).toContain("more");
  });

  it("keeps its place when the page brings itself up to date", async () => {
    const store = createMemoryStore();
    await bought(store, "first", "fal-ai/flux/dev", { customer: "acme" });
    const { page } = await openPage();
    await page.goto(await served({ store, clock: stillClock }));
    await settled(page);
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    await page.locator("#live[data-state=live]").waitFor();
    await page.getByRole("button", { name: "fal-ai/flux/dev" }).focus();
    await bought(store, "second", "fal-ai/flux/dev", { customer: "acme" });
    await expect.poll(() => page.locator("#model-list tbody").textContent()).toContain("$0.08");
    expect(await focused()).toBe("fal-ai/flux/dev");
  });
});

describe("what stands in a ledger", () => {
  it("is text and nothing else, whatever it says", async () => {
    const store = createMemoryStore();
    await bought(store, "evil", evil, { [evilTag.slice(0, 60)]: evilTag });
    await open(store, "evil-open", evil, "0.04", { customer: evil });
    await store.putNote({
      kind: "budget",
      key: JSON.stringify([evil]),
      value: JSON.stringify({ budget: { name: evil, limit: "5", per: "day" }, timezone: "UTC", weekStart: "monday" }),
      at: afternoon,
      expiresAt: null,
    });
    const { page, complaints } = await openPage();
    await page.goto(await served({ store, clock: stillClock }));
    await settled(page);
    await page.locator("#chart canvas").waitFor();
    expect(await page.locator("#model-list").textContent()).toContain(evil);
    expect(await page.locator("#budget-list").textContent()).toContain(evil);
    expect(await page.locator("img, script:not([src])").count()).toBe(0);
    expect(await page.locator("body").textContent()).not.toContain("\u202e");

    await page.locator("#tag-name").selectOption({ index: 1 });
    await page.locator("#tag-list tbody button").first().click();
    await expect.poll(() => page.locator("#call-rows tr").count()).toBe(1);
    await page.reload();
    await settled(page);
    expect(await page.locator("#call-rows tr").count()).toBe(1);
    await page.goto(`${new URL(page.url()).origin}/?endpoint=${encodeURIComponent(evil)}`);
    await settled(page);
    expect(await page.getByPlaceholder("Any endpoint").inputValue()).toBe(evil);
    await shot(page, "hostile");
    expect(complaints).toEqual([]);
  });
});

describe("states", () => {
  it("says how to begin where there is no call, and where there is no ledger", async () => {
    const { page, complaints } = await openPage({ colorScheme: "light" });
    await page.goto(await served({ store: createMemoryStore() }));
    await page.getByRole("heading", { name: "No calls yet" }).waitFor();
    await settled(page);
    expect(await page.locator("#tile-today .figure").textContent()).toBe("$0.00");
    expect(await accessibilityFindings(page)).toEqual([]);
    await shot(page, "empty");
    expect(complaints).toEqual([]);
    await page.goto(await served({ store: async () => undefined }));
    await page.getByRole("heading", { name: "No calls yet" }).waitFor();
  });

  it("says why a ledger cannot be read, and finds it again", async () => {
    let broken = true;
    const store: Store = {
      ...studio,
      totals: async (query) => {
        if (broken) throw new StoreError("sqlite:ledger.db", "busy", "another process holds it");
        return studio.totals(query);
      },
    };
    const { page } = await openPage({ colorScheme: "light" });
    await page.goto(await served({ store, clock: stillClock }));
    await page.getByRole("alert").getByText("The ledger cannot be read").waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    await shot(page, "trouble");
    broken = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await settled(page);
    expect(await page.locator("#trouble").isHidden()).toBe(true);
  });

  it("shows its bones until the first answer has come", async () => {
    const { page } = await openPage();
    const url = await served({ store: studio, clock: stillClock });
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route("**/api/*", async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(url);
    await page.locator("#tile-today .bone").first().waitFor();
    answer();
    await settled(page);
    expect(await page.locator("#tile-today .bone").count()).toBe(0);
  });

  it("trades the token in the address for a cookie, and forgets the address", async () => {
    const { page, complaints } = await openPage();
    const url = await served({ store: studio, clock: stillClock, token: "a-token-of-some-length" });
    await page.goto(`${url}?token=a-token-of-some-length`);
    await settled(page);
    expect(page.url()).toBe(url);
    expect(complaints).toEqual([]);
  });
});
