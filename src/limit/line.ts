/** A line in which higher priorities stand before lower ones, and equals in the order in which they came. */
export interface Line<T extends { readonly priority: number }> {
  readonly length: number;
  join(item: T): void;
  /** Takes the first out. */
  shift(): T | undefined;
  leave(item: T): void;
}

export function createLine<T extends { readonly priority: number }>(): Line<T> {
  const items: T[] = [];
  return {
    get length() {
      return items.length;
    },
    join(item) {
      let low = 0;
      let high = items.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((items[middle]?.priority ?? 0) >= item.priority) low = middle + 1;
        else high = middle;
      }
      items.splice(low, 0, item);
    },
    shift: () => items.shift(),
    leave(item) {
      const index = items.indexOf(item);
      if (index >= 0) items.splice(index, 1);
    },
  };
}
