/** Listeners by event name; a listener that throws does not keep the others from hearing. */
export class Emitter {
  #listeners = new Map();

  /** @returns {() => void} stops listening */
  on(name, listener) {
    if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
    this.#listeners.get(name).add(listener);
    return () => this.#listeners.get(name).delete(listener);
  }

  emit(name, value) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try { listener(value); } catch (error) { queueMicrotask(() => { throw error; }); }
    }
  }
}
