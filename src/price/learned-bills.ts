/** Learns what requests really cost from the bills of this ledger, whoever settled them. */
import type { Clock } from "../clock.ts";
import { describeFailure } from "../errors.ts";
import type { Events } from "../events.ts";
import { type Decimal, decimal, dollars, fromNano, type Nano } from "../money.ts";
import type { EstimateRecord, Note, Store } from "../store/store.ts";
import { type BillSample, type Bills, type EndpointBills, readBills, withSample, writeBills } from "./learned.ts";
import type { Pricer } from "./pricer.ts";

/** A purchase that was billed. */
export interface Billed {
  endpointId: string;
  estimate: EstimateRecord;
  /** What it cost; `null` where only its units are known. */
  actual: Nano | null;
  /** fal's units, as they came. */
  billableUnits: string | null;
  /** `billed-units` and `billing-event` are bills; any other says nothing new. */
  basis: string;
  /** What was learned of the same purchase before, by its units. @default nothing */
  corrects?: { actual: Nano | null };
}

export interface LearnedBillsParts {
  store: Store;
  clock: Clock;
  events: Events;
  pricer: Pick<Pricer, "setBills">;
}

export interface LearnedBills {
  /** Takes over what the store keeps. */
  load(): Promise<void>;
  /** Learns from a bill where it says something new. Never throws and is not waited for. */
  learn(billed: Billed): void;
  /** Writes what is not yet written, and resolves once it is. */
  idle(): Promise<void>;
}

const KIND = "learned";
const MOST_ENDPOINTS = 2_000;
/** Shapes kept of one endpoint; the oldest give way. */
const MOST_SHAPES = 64;
/** Beyond so many bills, one that is like the others waits to be written until there are a tenth as many. */
const WRITTEN_AT_ONCE = 20;

interface Endpoint extends EndpointBills {
  all: Bills;
  shapes: Map<string, Bills>;
  unitPrice: EndpointBills["unitPrice"];
}

/** One note: of an endpoint, or of one shape of it. */
interface Kept {
  bills: Bills | null;
  unitPrice: EndpointBills["unitPrice"];
}

interface Waiting {
  endpointId: string;
  shape: string | null;
  samples: BillSample[];
  unitPrice: EndpointBills["unitPrice"];
}

export function createLearnedBills({ store, clock, events, pricer }: LearnedBillsParts): LearnedBills {
  const endpoints = new Map<string, Endpoint>();
  const waiting = new Map<string, Waiting>();
  let writing: Promise<void> | undefined;

  function take(endpointId: string, shape: string | null, { bills, unitPrice }: Kept) {
    if (!bills) return;
    const found = endpoints.get(endpointId);
    if (!found && endpoints.size >= MOST_ENDPOINTS) return;
    const endpoint = found ?? { all: bills, shapes: new Map(), unitPrice: null };
    endpoints.set(endpointId, endpoint);
    if (shape === null) Object.assign(endpoint, { all: bills, unitPrice: unitPrice ?? endpoint.unitPrice });
    else {
      const [oldest] = endpoint.shapes.keys();
      if (endpoint.shapes.size >= MOST_SHAPES && !endpoint.shapes.has(shape)) endpoint.shapes.delete(oldest!);
      endpoint.shapes.set(shape, bills);
    }
    pricer.setBills(endpointId, endpoint);
  }

  function wait(endpointId: string, shape: string | null, sample: BillSample, unitPrice: EndpointBills["unitPrice"]) {
    const key = keyOf(endpointId, shape);
    const known = waiting.get(key) ?? { endpointId, shape, samples: [], unitPrice: null };
    known.samples.push(sample);
    waiting.set(key, { ...known, unitPrice: unitPrice ?? known.unitPrice });
  }

  /** Merges with what the store has by now: another process may have learned as well. A lost sample costs nothing. */
  async function write(key: string, { endpointId, shape, samples, unitPrice }: Waiting) {
    const kept = read(await store.getNote(KIND, key, clock.now()));
    const bills = samples.reduce(withSample, kept.bills);
    const merged = { bills, unitPrice: unitPrice ?? kept.unitPrice };
    take(endpointId, shape, merged);
    if (!bills) return;
    await store.putNote({ kind: KIND, key, value: noteText(bills, merged.unitPrice), at: bills.at, expiresAt: null });
  }

  async function writeAll(): Promise<void> {
    await Promise.resolve();
    try {
      for (let next = first(); next; next = first()) {
        waiting.delete(next[0]);
        await write(...next);
      }
    } catch (error) {
      waiting.clear();
      const message = describeFailure(error);
      events.emit({ type: "store-failed", at: clock.now(), store: store.name, verb: "putNote", message });
    }
    writing = undefined;
  }

  function first(): [string, Waiting] | undefined {
    return waiting.entries().next().value;
  }

  /** Nothing is new in a bill that came as expected, unless bills of its kind are being collected already. */
  function isNews(billed: Billed, known: Endpoint | undefined, isRuled: boolean): boolean {
    const { actual, estimate } = billed;
    return known !== undefined || !isRuled || (actual !== null && actual !== estimate.expected);
  }

  function mayWait(known: Bills | undefined, key: string, { outside, amount }: BillSample): boolean {
    if (!known || outside || known.count < WRITTEN_AT_ONCE) return false;
    const alike =
      amount !== null && known.amount !== null && amount.gte(known.amount.min) && amount.lte(known.amount.max);
    return alike && (waiting.get(key)?.samples.length ?? 0) < known.count / 10;
  }

  return {
    async load() {
      const notes = await store.listNotes(KIND, clock.now());
      for (const note of notes) if (!note.key.includes("|")) take(note.key, null, read(note));
      for (const note of notes) {
        const [endpointId = "", shape] = note.key.split("|");
        if (shape !== undefined && endpoints.has(endpointId)) take(endpointId, shape, read(note));
      }
    },

    learn(billed) {
      const { endpointId, estimate, actual, basis, billableUnits, corrects } = billed;
      const isBill = basis === "billed-units" || basis === "billing-event";
      const units = unitsOf(billableUnits);
      if (!isBill && !units?.gt(0)) return;
      const isRuled = estimate.expected !== null && estimate.basis !== "assumed";
      const known = endpoints.get(endpointId);
      if (!isNews(billed, known, isRuled)) return;
      const amount = isBill && actual !== null ? fromNano(actual) : null;
      // A bill that came as expected was not counted when it came.
      const again = corrects !== undefined && (!isRuled || corrects.actual !== estimate.expected);
      const sample: BillSample = {
        units: again ? null : units,
        amount,
        outside:
          isRuled && isOutside(estimate, isBill ? actual : null) && !(again && isOutside(estimate, corrects.actual)),
        again,
        at: clock.now(),
      };
      const unitPrice = basis === "billing-event" ? paidPerUnit(units, amount, sample.at) : null;
      const shape = estimate.shape ?? null;
      const bills = shape === null ? known?.all : known?.shapes.get(shape);
      const later = unitPrice === null && mayWait(bills, keyOf(endpointId, shape), sample);
      wait(endpointId, null, sample, unitPrice);
      if (shape !== null) wait(endpointId, shape, sample, null);
      if (!later) writing ??= writeAll();
    },

    async idle() {
      while (writing || waiting.size > 0) {
        writing ??= writeAll();
        await writing;
      }
    },
  };
}

/** A note's key. Endpoint ids and shapes have no bar in them. */
function keyOf(endpointId: string, shape: string | null): string {
  return shape === null ? endpointId : `${endpointId}|${shape}`;
}

function unitsOf(text: string | null): Decimal | null {
  return text !== null && /^\d{1,15}(\.\d{1,30})?$/.test(text) ? decimal(text) : null;
}

function isOutside({ low, high }: EstimateRecord, actual: Nano | null): boolean {
  return actual !== null && ((low !== null && actual < low) || (high !== null && actual > high));
}

/** What fal charged for one unit, with the noise of its doubles left out. */
function paidPerUnit(units: Decimal | null, amount: Decimal | null, at: number): EndpointBills["unitPrice"] {
  if (!units?.gt(0) || !amount?.gt(0)) return null;
  return { amount: amount.div(units).toSignificantDigits(12).toDecimalPlaces(18), at };
}

function noteText(bills: Bills, unitPrice: EndpointBills["unitPrice"]): string {
  return JSON.stringify({
    ...writeBills(bills),
    unitPrice: unitPrice && { ...unitPrice, amount: unitPrice.amount.toFixed() },
  });
}

function read(note: Note | undefined): Kept {
  if (!note) return { bills: null, unitPrice: null };
  try {
    const value = JSON.parse(note.value) as { unitPrice?: { amount: string; at: number } | null };
    const { unitPrice } = value;
    const paid = unitPrice ? { amount: dollars(unitPrice.amount, "price"), at: Number(unitPrice.at) } : null;
    return { bills: readBills(value), unitPrice: paid };
  } catch {
    return { bills: null, unitPrice: null };
  }
}

/** What the store keeps of every endpoint and shape, for a report. */
export async function listBills(
  store: Store,
  at: number,
): Promise<{ endpointId: string; shape: string | null; bills: Bills }[]> {
  return (await store.listNotes(KIND, at)).flatMap((note) => {
    const [endpointId = "", shape = null] = note.key.split("|");
    const { bills } = read(note);
    return bills ? [{ endpointId, shape, bills }] : [];
  });
}
