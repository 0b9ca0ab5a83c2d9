/** The longest that one answer may hold up the next requests. */
const RETRY_AFTER_MS_MAX = 600_000;

const SECONDS = /^\d{1,10}(\.\d{1,9})?$/;
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /;

/**
 * Milliseconds from `now` that a `Retry-After` header asks to wait, in seconds or as an HTTP date; at most ten minutes,
 * and 0 for a moment that has passed. `null` for no header, or one that is neither.
 */
export function retryAfterMs(header: string | null, now: number): number | null {
  const value = header?.trim() ?? "";
  const ms = SECONDS.test(value) ? Number(value) * 1_000 : HTTP_DATE.test(value) ? Date.parse(value) - now : Number.NaN;
  return Number.isNaN(ms) ? null : Math.min(Math.max(0, Math.ceil(ms)), RETRY_AFTER_MS_MAX);
}
