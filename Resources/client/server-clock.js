const UNKNOWN_TRIP_MS = 1e6;      // of a time that came unasked: any answer to a ping knows better

/** The server's clock as far as this machine can tell. */
export class ServerClock {
  #clock; #ahead = 0; #roundTrip = Infinity;

  constructor(clock) { this.#clock = clock; }

  /** Unix milliseconds. */
  now() { return this.#clock.now() + this.#ahead; }

  /** A new connection may lead to another server: its samples count from the beginning. */
  restart() { this.#roundTrip = Infinity; }

  /** Takes a sample; of all samples of a connection the one with the shortest way counts. */
  told(now, sentAt = null) {
    if (typeof now !== 'number') return;
    const here = this.#clock.now();
    const roundTrip = sentAt === null ? UNKNOWN_TRIP_MS : here - sentAt;
    if (roundTrip > this.#roundTrip) return;
    this.#ahead = now - (sentAt === null ? here : (here + sentAt) / 2);
    this.#roundTrip = roundTrip;
  }
}
