import type { Store } from "../../src/store/store.ts";
import type { Books, Kept } from "./books.ts";
import type { Post } from "./network.ts";
import type { Asked } from "./wire.ts";
import type { World } from "./world.ts";

/** Every paid request that was handed to `fetch`, and the rules for sending one. */
export interface Posts {
  posted(owner: string, purchaseId: string | null, asked: Asked & { kind: "paid" }): Post;
  /** How many were sent in all. */
  readonly sent: number;
  /** The most that were in flight at once since the last time this was asked. */
  mostAtOnce(owner: string): number;
  /** Whether what was sent in this step had its hold. */
  check(inner: Store): Promise<void>;
}

export interface PostRules {
  /**
   * Requests that may be out at once, of one process or of all `together`, and how long each may keep its place; `null` where nobody
   * can say.
   */
  places: { most: number; keptMs: number; together: boolean } | null;
  /** Requests that may be sent by all processes within any such stretch of time; `null` where nobody can say. */
  starts: { count: number; perMs: number } | null;
  /** The step at which a call began that equal calls may answer; `null` for one that wants its own. By its `call` tag. */
  sharedSince(call: string): number | null;
  /** Nothing fails, all clocks are right and no answer is forgotten: what was bought is not bought again. */
  calm: boolean;
}

/** After waking up, every process has said by then which places it has. */
const RENEWED_WITHIN_MS = 60_000;

export function createPosts(world: World, books: Books, { places, starts, sharedSince, calm }: PostRules): Posts {
  const posts = new Map<string, Post>();
  const byCall = new Map<string, Post[]>();
  const most = new Map<string, number>();
  let unchecked: string[] = [];

  const callOf = (purchaseId: string) => books.kept.get(purchaseId)?.request.purchase.tags.call ?? "";

  const isShared = (call: string) => sharedSince(call) !== null;

  /** Whether the answer was to be had before this call began. */
  function wasAnswered(call: string, { request }: Kept): boolean {
    const since = sharedSince(call);
    const answer = books.answers.get(request.purchase.key ?? "");
    return since !== null && answer !== undefined && answer.step < since && answer.expiresAt > world.nowMs;
  }

  function inFlightOf(owner: string): Post[] {
    return [...posts.values()].filter((post) => post.owner === owner && post.fate === "in flight");
  }

  /** Requests whose places nobody else may have. A process that died, or was asleep just now, could not say that it has its own. */
  function placedWith(owner: string): Post[] {
    const out = [...posts.values()].filter(({ fate }) => fate === "in flight");
    const kept = out.filter(({ sentAt }) => world.nowMs - sentAt < (places?.keptMs ?? 0));
    const together = places?.together && world.nowMs - world.leaptAtMs > RENEWED_WITHIN_MS;
    return kept.filter((post) => post.owner === owner || (together && world.isAlive(post.owner)));
  }

  function tooOften(): string | null {
    if (starts === null) return null;
    const lately = [...posts.values()].filter(({ sentAt }) => world.nowMs - sentAt < starts.perMs).length;
    if (lately < starts.count) return null;
    return `${lately + 1} requests were sent within ${starts.perMs} ms where ${starts.count} may be`;
  }

  /** Why it should not have been sent, if it should not. */
  function misplaced(
    owner: string,
    purchaseId: string,
    { endpointId, transport, body }: Asked & { kind: "paid" },
  ): string | null {
    if (posts.has(purchaseId)) return `purchase ${purchaseId} was sent twice`;
    const kept = books.kept.get(purchaseId);
    if (!kept) return `purchase ${purchaseId} was sent before it was held`;
    if (kept.owner !== owner) return `purchase ${purchaseId} was sent by another than its holder`;
    if (kept.request.purchase.endpointId !== endpointId) return `purchase ${purchaseId} was held for another endpoint`;
    const call = callOf(purchaseId);
    const earlier = (byCall.get(call) ?? []).find(({ fate }) => fate !== "never arrived" && fate !== "refused");
    if (earlier) return `call ${call} was sent again while its first request was "${earlier.fate}"`;
    const others = inFlightOf(owner);
    const same = others.find(
      (post) =>
        post.body === body &&
        post.transport === transport &&
        endpointOf(post) === endpointId &&
        isShared(callOf(post.purchaseId)),
    );
    if (same && isShared(call)) return `call ${call} buys what ${callOf(same.purchaseId)} is buying`;
    if (calm && wasAnswered(call, kept)) return `call ${call} buys what was bought before it began`;
    const placed = placedWith(owner).length;
    if (places !== null && placed >= places.most) return `${placed + 1} requests are out where ${places.most} may be`;
    return tooOften();
  }

  const endpointOf = ({ purchaseId }: Post) => books.kept.get(purchaseId)?.request.purchase.endpointId;

  return {
    posted(owner, purchaseId, asked) {
      const id = purchaseId ?? "nobody's";
      const wrong =
        purchaseId === null ? "a paid request left without a purchase" : misplaced(owner, purchaseId, asked);
      if (wrong) world.breach(wrong);
      const post: Post = {
        purchaseId: id,
        owner,
        transport: asked.transport,
        body: asked.body,
        sentAt: world.nowMs,
        fate: "in flight",
      };
      posts.set(id, post);
      const call = callOf(id);
      byCall.set(call, [...(byCall.get(call) ?? []), post]);
      if (purchaseId !== null) unchecked.push(purchaseId);
      most.set(owner, Math.max(most.get(owner) ?? 0, inFlightOf(owner).length));
      return post;
    },
    get sent() {
      return posts.size;
    },
    mostAtOnce(owner) {
      const peak = most.get(owner) ?? 0;
      most.delete(owner);
      return peak;
    },
    async check(inner) {
      const sent = unchecked;
      unchecked = [];
      for (const id of sent)
        if (!(await inner.findHold({ id }))) world.breach(`purchase ${id} was sent and the store holds nothing for it`);
    },
  };
}
