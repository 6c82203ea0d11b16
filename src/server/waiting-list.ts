/** What can be in a WaitingList; only that changes it. */
export interface Waiter<T> {
  older?: T | undefined;
  younger?: T | undefined;
}

/**
 * A linked list in the order of addition. A Set does the same, but V8 keeps the tables that a busy Set outgrows, and all
 * that was in them, until the next full garbage collection: that took half of the time of a review.
 */
export class WaitingList<T extends Waiter<T>> {
  #oldest: T | undefined;
  #youngest: T | undefined;

  get oldest(): T | undefined {
    return this.#oldest;
  }

  add(waiter: T): void {
    waiter.older = this.#youngest;
    if (this.#youngest === undefined) this.#oldest = waiter;
    else this.#youngest.younger = waiter;
    this.#youngest = waiter;
  }

  /** Of a waiter that is in the list. */
  delete(waiter: T): void {
    const { older, younger } = waiter;
    if (older === undefined) this.#oldest = younger;
    else older.younger = younger;
    if (younger === undefined) this.#youngest = older;
    else younger.older = older;
    waiter.older = waiter.younger = undefined;
  }
}
