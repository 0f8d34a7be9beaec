const SEAT = 'gameserver.v1:seat:';
const PENDING = 'gameserver.v1:pending:';
const PENDING_MS = 60_000;        // the server frees a seat that was never taken after as long

/**
 * Seats and unanswered create/join requests in a `Storage`, so that a page refresh is a resume. Without storage, or
 * when it is full or forbidden, nothing is kept and everything else works.
 */
export class SeatStore {
  /** @param {Storage|null|undefined} storage */
  constructor(storage) { this.storage = storage ?? null; }

  /** @returns {{room, game, name, seat, secret, epoch, seq, view}|null} */
  seat(room) {
    const record = this.#read(SEAT + room);
    if (record?.room !== room || typeof record.secret !== 'string') return null;
    const isPosition = typeof record.epoch === 'string' && Number.isSafeInteger(record.seq) && record.seq >= 0;
    return isPosition ? record : { ...record, epoch: null, seq: 0, view: null };     // the seat is ours, the position a guess
  }

  keep(record) { this.#write(SEAT + record.room, record); }

  forget(room) { this.#write(SEAT + room, null); }

  seats() { return this.#keys(SEAT).map((key) => this.seat(key.slice(SEAT.length))).filter((record) => record !== null); }

  /** @param {string|undefined} secret @param {object|null} request null: answered */
  keepPending(secret, request) { if (secret) this.#write(PENDING + secret, request); }

  /** Requests of an earlier page that may still be unanswered; older ones are dropped. */
  pending(now) {
    const requests = [];
    for (const key of this.#keys(PENDING)) {
      const { at, ...request } = this.#read(key) ?? {};
      if (now - at < PENDING_MS) requests.push(request); else this.#write(key, null);
    }
    return requests;
  }

  #keys(prefix) {
    const keys = [];
    for (let i = 0; i < (this.storage?.length ?? 0); i += 1) keys.push(this.storage.key(i));
    return keys.filter((key) => key.startsWith(prefix)).sort();
  }

  #read(key) {
    try { return JSON.parse(this.storage?.getItem(key) ?? 'null'); } catch { return null; }   // not ours: as if absent
  }

  #write(key, value) {
    try {
      if (value === null) this.storage?.removeItem(key); else this.storage?.setItem(key, JSON.stringify(value));
    } catch { this.storage = null; }     // full or forbidden: play on without memory
  }
}
