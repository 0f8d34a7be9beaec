import { Refusal } from './codes.js';

const MAX_TRIES = 5;             // of one request that is refused with `retry`; then the caller hears the refusal

/** Requests with an `id`: each answered once, and asked again on every new connection until it is. */
export class Requests {
  #send; #store; #clock; #waiting = new Map(); #nextId = 1;

  /** @param {(message: object) => boolean} send @param {SeatStore} store keeps those with a secret for the next page */
  constructor(send, store, clock) {
    this.#send = send;
    this.#store = store;
    this.#clock = clock;
    for (const request of store.pending(clock.now())) this.#add(request).catch(() => {});   // `joined` tells; a refusal concerns nobody
  }

  /** @returns {Promise<any>} the answer; rejects with a `Refusal` */
  ask(message) {
    if (message.secret) this.#store.keepPending(message.secret, { ...message, at: this.#clock.now() });
    return this.#add(message);
  }

  #add(message) {
    const id = this.#nextId++;
    const numbered = { ...message, id };
    const answer = new Promise((resolve, reject) => this.#waiting.set(id, { message: numbered, resolve, reject, tries: 0 }));
    this.#send(numbered);
    return answer;
  }

  askAgain() { for (const { message } of this.#waiting.values()) this.#send(message); }

  /** The request as it was sent, if it is still unanswered. */
  message(id) { return this.#waiting.get(id)?.message; }

  /** The room the first of them goes to, if any. */
  get room() { return [...this.#waiting.values()].find(({ message }) => message.room)?.message.room; }

  /** @returns {boolean} whether somebody asked */
  answered(id, value) { return this.#end(id, ({ resolve }) => resolve(value)); }

  /** Asks again where the server says when, up to a ceiling. @returns {boolean} whether somebody asked */
  refused({ id, code, message, retry }) {
    const request = this.#waiting.get(id);
    if (!request) return false;
    request.tries += 1;
    if (typeof retry === 'number' && request.tries < MAX_TRIES) {
      this.#clock.setTimeout(() => this.#waiting.has(id) && this.#send(request.message), retry);
      return true;
    }
    return this.#end(id, ({ reject }) => reject(new Refusal(code, message, retry)));
  }

  #end(id, settle) {
    const request = this.#waiting.get(id);
    if (!request) return false;
    this.#waiting.delete(id);
    this.#store.keepPending(request.message.secret, null);
    settle(request);
    return true;
  }
}
