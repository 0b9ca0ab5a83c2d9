import type { Nano } from "../money.ts";
import type { CounterState } from "./store.ts";

/** One amount in a rolling window. */
export interface Member {
  at: number;
  spent: Nano;
  held: Nano;
  /** False once it has left the window. */
  inside: boolean;
  /** The member it was merged into, where the window was too full. */
  into: Member | null;
}

/**
 * The amounts of a rolling window, oldest first, with their running sums, so that a hold costs the same however many
 * amounts there are. Exact up to `membersMax` amounts; beyond that the two oldest become one that leaves with the later,
 * so that money counts too long rather than too short.
 */
export interface RollingWindow {
  add(at: number, spent: Nano, held: Nano): Member;
  /** Moves an amount from held to spent; an amount that has left stays gone. */
  post(member: Member, held: Nano, spent: Nano): void;
  /** Drops what has left at `at`. */
  decay(at: number): void;
  /** As it stands at `at`, which may lie in the future; drops nothing. */
  state(counter: string, at: number): CounterState;
  /** When the last amount leaves; `null` when it is empty. */
  endsAt(): number | null;
}

const membersMax = 100_000;

export function createRollingWindow(lengthMs: number): RollingWindow {
  let members: Member[] = [];
  let head = 0;
  let empties = 0;
  let spentSum = 0n;
  let heldSum = 0n;

  function dropHead(): void {
    const member = members[head]!;
    if (isEmpty(member)) empties -= 1;
    member.inside = false;
    spentSum -= member.spent;
    heldSum -= member.held;
    head += 1;
    if (head < 1_024 || head * 2 < members.length) return;
    members = members.slice(head);
    head = 0;
  }

  function mergeOldest(): void {
    const [oldest, next] = [members[head]!, members[head + 1]!];
    if (isEmpty(oldest)) empties -= 1;
    if (isEmpty(next)) empties -= 1;
    oldest.at = next.at;
    oldest.spent += next.spent;
    oldest.held += next.held;
    if (isEmpty(oldest)) empties += 1;
    next.into = oldest;
    members[head + 1] = oldest;
    head += 1;
  }

  function dropEmpties(): void {
    members = members.slice(head).filter((member) => {
      member.inside = !isEmpty(member);
      return member.inside;
    });
    head = 0;
    empties = 0;
  }

  return {
    add(at, spent, held) {
      const member: Member = { at, spent, held, inside: true, into: null };
      let place = members.length;
      members.push(member);
      while (place > head && members[place - 1]!.at > at) {
        members[place] = members[place - 1]!;
        place -= 1;
      }
      members[place] = member;
      spentSum += spent;
      heldSum += held;
      if (members.length - head > membersMax) mergeOldest();
      return member;
    },
    post(posted, held, spent) {
      const member = posted.into ?? posted;
      if (!member.inside) return;
      member.held -= held;
      member.spent += spent;
      heldSum -= held;
      spentSum += spent;
      if (!isEmpty(member)) return;
      empties += 1;
      if (empties * 2 > members.length - head) dropEmpties();
    },
    decay(at) {
      while (head < members.length) {
        const oldest = members[head]!;
        if (oldest.at + lengthMs > at && !isEmpty(oldest)) return;
        dropHead();
      }
    },
    state(counter, at) {
      let spent = spentSum;
      let held = heldSum;
      for (let i = head; i < members.length; i += 1) {
        const member = members[i]!;
        const leavesAt = member.at + lengthMs;
        if (leavesAt > at && !isEmpty(member)) return { counter, spent, held, nextReleaseAt: leavesAt };
        spent -= member.spent;
        held -= member.held;
      }
      return { counter, spent, held, nextReleaseAt: null };
    },
    endsAt() {
      const last = members.at(-1);
      return last && head < members.length ? last.at + lengthMs : null;
    },
  };
}

function isEmpty(member: Member): boolean {
  return member.spent === 0n && member.held === 0n;
}
