// @ts-check
/** Figures and times as people read them. Amounts come as decimal strings and stay exact until they are rounded here. */

const PLAIN = /^(-?)(\d+)(?:\.(\d+))?$/;

/**
 * @param {string} amount
 * @param {number} places
 */
export function rounded(amount, places) {
  const [, sign = "", whole = "0", fraction = ""] = PLAIN.exec(amount) ?? [];
  const digits = BigInt(whole + fraction.slice(0, places).padEnd(places, "0"));
  const up = Number(fraction[places] ?? "0") >= 5 ? 1n : 0n;
  const text = String(digits + up).padStart(places + 1, "0");
  const grouped = text.slice(0, text.length - places).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const minus = sign && /[1-9]/.test(text) ? "−" : "";
  return `${minus}$${grouped}${places === 0 ? "" : `.${text.slice(text.length - places)}`}`;
}

const PLACES_MOST = 4;

/**
 * Decimals that a column needs so that every amount in it lines up: 2, or up to 4 where some amount has them and is small.
 * @param {readonly (string | null)[]} amounts
 */
export function placesOf(amounts) {
  let places = 2;
  for (const amount of amounts) {
    const [, , whole = "0", fraction = ""] = PLAIN.exec(amount ?? "") ?? [];
    const needed = fraction.replace(/0+$/, "").length;
    if (whole.length < 2) places = Math.max(places, Math.min(PLACES_MOST, needed));
  }
  return places;
}

/**
 * One amount by itself: cents, or finer where it is less than a dollar.
 * @param {string} amount
 */
export function money(amount) {
  const [, , whole = "0", fraction = ""] = PLAIN.exec(amount) ?? [];
  if (whole !== "0") return rounded(amount, 2);
  const zeros = /^0*/.exec(fraction)?.[0].length ?? 0;
  const needed = fraction.replace(/0+$/, "").length;
  if (zeros >= 6 && needed > 0) return `${amount.startsWith("-") ? "−" : ""}<$0.000001`;
  return rounded(amount, Math.max(2, Math.min(needed, zeros + 2, 6)));
}

/**
 * A guess, which is not told to the hundredth of a cent.
 * @param {string} amount
 */
export function cents(amount) {
  return rounded(amount, 2).replace(/[$,]/g, "").replace("−", "-");
}

/** @param {string} amount For widths and pictures only. */
export function size(amount) {
  return Number(amount);
}

/**
 * @param {number} part
 * @param {number} whole
 */
export function percent(part, whole) {
  if (!(whole > 0)) return "0 %";
  const share = (part / whole) * 100;
  return share > 0 && share < 1 ? "<1 %" : `${Math.round(share)} %`;
}

/**
 * @param {number} number
 * @param {string} one
 * @param {string} many
 */
export function count(number, one, many) {
  return `${number.toLocaleString("en-US")} ${number === 1 ? one : many}`;
}

/** @param {number} ms */
export function span(ms) {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 1) return "less than a minute";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

/**
 * @param {string} zone
 * @param {Intl.DateTimeFormatOptions} parts
 */
function clock(zone, parts) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...parts });
}

/** @typedef {ReturnType<typeof timesOf>} Times */

/**
 * Times of one zone.
 * @param {string} zone
 */
export function timesOf(zone) {
  const time = clock(zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const minute = clock(zone, { hour: "2-digit", minute: "2-digit" });
  const day = clock(zone, { day: "numeric", month: "short" });
  const month = clock(zone, { month: "short", year: "numeric" });
  const whole = clock(zone, { dateStyle: "medium", timeStyle: "medium" });
  const weekday = clock(zone, { weekday: "short", day: "numeric", month: "short" });
  return {
    zone,
    /** @param {string | Date} at */
    full: (at) => whole.format(new Date(at)),
    /** @param {string | Date} at */
    day: (at) => day.format(new Date(at)),
    /** @param {string | Date} at */
    minute: (at) => minute.format(new Date(at)),
    /**
     * The time for today, the date before it for another day.
     * @param {string} at
     * @param {Date} now
     */
    near(at, now) {
      const date = new Date(at);
      const same = day.format(date) === day.format(now) && now.getTime() - date.getTime() < 86_400_000;
      return same ? time.format(date) : `${day.format(date)}, ${minute.format(date)}`;
    },
    /**
     * A period by its first instant.
     * @param {string | Date} start
     * @param {string} per
     */
    period(start, per) {
      const date = new Date(start);
      if (per === "hour") return `${day.format(date)}, ${minute.format(date)}`;
      if (per === "week") return `week of ${day.format(date)}`;
      return per === "month" ? month.format(date) : weekday.format(date);
    },
  };
}

const UNSEEN = /[\p{Cc}\p{Cs}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/**
 * A name out of the ledger, fit to be read: what would turn the writing round or show nothing leaves a mark.
 * @param {string} text
 */
export function plainText(text) {
  return text.replace(UNSEEN, "\ufffd");
}
