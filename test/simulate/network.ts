import type { Fal } from "./fal.ts";
import { type Asked, answerOf, readAsked, responseOf } from "./wire.ts";
import type { World } from "./world.ts";

/** What became of a paid request, as far as its sender can know. */
export type PostFate = "in flight" | "never arrived" | "refused" | "answered" | "unknown";

/** A paid request that was handed to `fetch`. */
export interface Post {
  /** Of the hold it was sent under. */
  purchaseId: string;
  owner: string;
  transport: string;
  body: string;
  sentAt: number;
  fate: PostFate;
}

/** The way to fal of one life of a process. */
export interface Network {
  readonly fetch: typeof fetch;
  /** The meter says which purchase the next paid request belongs to, in the same breath as it sends it. */
  sending(purchaseId: string): void;
}

export interface NetworkParts {
  world: World;
  fal: Fal;
  owner: string;
  /** Told of a paid request before anything else happens to it; `null` is one that no purchase was announced for. */
  posted(purchaseId: string | null, asked: Asked & { kind: "paid" }): Post;
  /** The fal client now knows this job. */
  told(requestId: string): void;
}

export function createNetwork({ world, fal, owner, posted, told }: NetworkParts): Network {
  let announced: string | null = null;

  function travel(asked: Asked, signal: AbortSignal | undefined): Promise<Response> {
    const post = asked.kind === "paid" ? posted(announced, asked) : null;
    announced = null;
    const label =
      asked.kind === "paid" ? `${asked.transport} ${post?.purchaseId.slice(-4)}` : `${asked.kind} ${asked.requestId}`;
    return new Promise((resolve, reject) => {
      let over = false;
      const end = (fate: PostFate, act: () => void) => {
        if (over) return;
        over = true;
        signal?.removeEventListener("abort", abort);
        if (post) post.fate = fate;
        act();
      };
      const abort = () => end("unknown", () => reject(signal?.reason));
      const fail = (fate: PostFate, code: string) =>
        end(fate, () => reject(new TypeError("fetch failed", { cause: { code } })));
      const later = (what: string, happen: () => void, orphaned?: () => void) => {
        const afterMs = world.strikes("delay") ? world.random.whole(1_000, 90_000) : world.random.whole(5, 400);
        world.plan({ owner, label: `${label} ${what}`, afterMs, happen, ...(orphaned && { orphaned }) });
      };
      const arrive = () => {
        const answer = answerOf(asked, post?.purchaseId ?? "", fal, world);
        later(`answered ${answer.status}${answer.cut ? ", cut" : ""}`, () => {
          if (world.strikes("reply lost")) return fail("unknown", "ECONNRESET");
          end(fateOf(answer), () => {
            const ticket = asked.kind === "paid" && answer.status === 200 && !answer.cut ? ticketIn(answer.body) : null;
            if (ticket !== null) told(ticket);
            resolve(responseOf(answer, world, owner));
          });
        });
      };
      signal?.addEventListener("abort", abort, { once: true });
      if (world.strikes("connection refused")) return later("refused", () => fail("never arrived", "ECONNREFUSED"));
      if (world.strikes("request lost")) return later("lost", () => fail("unknown", "ECONNRESET"));
      // A request whose sender gave up or died may be on its way all the same.
      later(
        "arrives",
        () => (over && world.random.chance(0.5) ? undefined : arrive()),
        () => {
          if (world.random.chance(0.5)) answerOf(asked, post?.purchaseId ?? "", fal, world);
        },
      );
    });
  }

  return {
    async fetch(input, init) {
      const signal = init?.signal ?? undefined;
      signal?.throwIfAborted();
      const body = typeof init?.body === "string" ? init.body : "";
      return travel(readAsked(new URL(String(input)), init?.method ?? "GET", body), signal);
    },
    sending(purchaseId) {
      announced = purchaseId;
    },
  };
}

/** The request id that whoever reads this answer learns. */
function ticketIn(body: string): string | null {
  return /^\{.*"request_id":"([^"]+)".*\}$/.exec(body)?.[1] ?? null;
}

function fateOf({ status, cut }: { status: number; cut: boolean }): PostFate {
  if (status >= 400) return "refused";
  return cut ? "unknown" : "answered";
}
