import { Refusal } from './codes.js';
import { Emitter } from './emitter.js';

const ACK_EVENTS = 20;            // PROTOCOL, "Liveness": at least every 20 events
const ACK_MS = 1_000;             //                       or every second
const MAX_TRIES = 5;              // of a command refused with `retry`
const MAX_QUEUE = 64;             // commands waiting behind one another; above it `overloaded` without asking the server
const LEFT_BY = new Set(['bad_secret', 'room_gone', 'room_not_found']);   // what a resume hears after a leave that counted
const NO_EPOCH = 'none';          // never the server's: asks for a snapshot

/**
 * One room as one viewer sees it: position, view, status, and the queue of commands.
 *
 * Events: `joined` (verdict), `change`, `event` ({event, seq, at, view}), `chat`, `snapshot` (reason), `over` (code).
 */
export class Room extends Emitter {
  game = null; seat = null; secret = null; epoch = NO_EPOCH; seq = 0; lastN = 0;
  /** The game's view; null before the start. */ view = null;
  /** The last `room` message: state, host, seats, waiting_on. */ status = null;
  /** Why it is over for this client: a code, or null. */ ended = null;
  awaitsJoined = true;
  /** Resumes refused since the last `joined`. */ refusals = 0;
  #awaitsSnapshot = false; #queue = []; #acked = 0; #ackTimer = null; #rev = -1;

  constructor(client, id, name = null) {
    super();
    this.client = client;
    this.id = id;
    this.name = name;
  }

  static restored(client, { room, game, name, seat, secret, epoch, seq, view }) {
    return Object.assign(new Room(client, room, name), { game, seat, secret, epoch: epoch ?? NO_EPOCH, seq, view });
  }

  get isHost() { return this.seat !== null && this.status?.host === this.seat; }

  // --- what a player does; each resolves with {seq} or rejects with a Refusal

  act(action) { return this.#command({ type: 'act', action, base: this.seq }); }
  host(what, seat) { return this.#command({ type: 'host', do: what, ...(seat != null && { seat }) }); }
  async leave() {
    if (this.seat === null) return this.abandon();
    await this.#command({ type: 'leave' });
    this.client.store.forget(this.id);
    this.client.finish(this, 'left');
  }

  /** Forgets the room without a command: for watchers, who have none, and for finished rooms. */
  abandon() {
    if (this.seat !== null) this.client.store.forget(this.id);
    this.client.finish(this, 'left');
    this.client.reconnect();
  }

  /** @returns {boolean} whether it was said; not while the server has yet to say that the seat is ours again */
  chatSay(text) { return this.#attachedSend({ type: 'chat', room: this.id, text }); }

  /** Asks for the whole view; coming back answers that by itself. */
  resync() { this.#awaitsSnapshot = this.#attachedSend({ type: 'resync', room: this.id }); }

  #attachedSend(message) { return !this.awaitsJoined && this.client.send(message); }

  /** After another window took the seat: take it back here. @returns {Room|null} the room that replaces this one */
  playHere() { return this.client.resume(this.id); }

  // --- what the client module calls

  resumption() {
    return { room: this.id, secret: this.secret, epoch: this.view === null && this.seq > 0 ? NO_EPOCH : this.epoch, seq: this.seq };
  }

  joined(message, secret) {
    Object.assign(this, { game: message.game, seat: message.seat, epoch: message.epoch, lastN: message.last_n ?? 0 });
    this.secret = message.seat === null ? null : message.secret ?? secret ?? this.secret;
    this.awaitsJoined = false;
    this.refusals = 0;
    this.#awaitsSnapshot = message.resume === 'snapshot';
    this.#rev = -1;
    if (message.status) this.room(message.status);
    if (message.resume === 'new') Object.assign(this, { view: message.view ?? null, seq: message.seq });
    this.#acked = this.seq;
    this.#settle(message.results ?? []);
    this.emit('joined', message.resume);
  }

  detached() {
    this.awaitsJoined = true;
    this.client.clock.clearTimeout(this.#ackTimer);
    this.#ackTimer = null;
    for (const command of this.#queue) command.sent = false;
  }

  events(message) {
    if (this.#awaitsSnapshot) return;
    let seq = message.seq - message.events.length;
    if (seq > this.seq) return this.resync();        // a hole: never guess
    for (const event of message.events) {
      seq += 1;
      if (seq <= this.seq) continue;                 // seen already
      if (event !== null) {
        try { this.view = this.client.folds[this.game?.id]?.(this.view, event, this.seat) ?? this.view; } catch (error) {
          this.client.emit('problem', { kind: 'fold', text: String(error) });
          return this.resync();
        }
      }
      this.seq = seq;
      if (event !== null) this.emit('event', { event, seq, at: message.at, view: this.view });
    }
    this.#acknowledge();
  }

  snapshot(message) {
    this.#awaitsSnapshot = false;
    Object.assign(this, { view: message.view, seq: message.seq });
    this.emit('snapshot', message.reason);
    this.#acknowledge();
  }

  /** A resync asked too often is asked again when the server says. @returns {boolean} whether the refusal was of a resync */
  resyncRefused({ retry }) {
    if (!this.#awaitsSnapshot || typeof retry !== 'number') return false;
    this.client.clock.setTimeout(() => { if (this.#awaitsSnapshot && !this.awaitsJoined) this.resync(); }, retry);
    return true;
  }

  room(message) {
    if (message.rev < this.#rev) return;
    this.#rev = message.rev ?? this.#rev;
    this.status = message;
  }

  chat(message) { this.emit('chat', message); }

  ok(message) {
    const command = this.#queue[0];
    if (command?.n !== message.n) return;             // the answer to a repetition came twice
    this.lastN = message.n;
    this.#queue.shift();
    command.resolve({ seq: message.seq });
    this.#next();
  }

  no(message) {
    const command = this.#queue[0];
    if (command?.n !== message.n) return;
    command.tries += 1;
    command.sent = false;
    if (message.code === 'bad_number' && message.expected !== undefined && command.tries < MAX_TRIES) {
      this.lastN = message.expected - 1;
      this.#next();
    } else if (typeof message.retry === 'number' && command.tries < MAX_TRIES) {
      command.held = true;
      this.client.clock.setTimeout(() => { command.held = false; this.#next(); }, message.retry);
    } else {
      this.#queue.shift();
      command.reject(new Refusal(message.code, message.message, message.retry));
      this.#next();
    }
  }

  over(code) {
    if (this.ended !== null) return;
    const leave = this.#queue[0];
    const left = leave?.body.type === 'leave' && leave.n !== null && LEFT_BY.has(code);   // only its `ok` was lost
    this.ended = left ? 'left' : code;
    this.detached();
    if (left) this.#queue.shift().resolve({ seq: this.seq });
    for (const command of this.#queue.splice(0)) command.reject(new Refusal(this.ended));
    this.emit('over', this.ended);
  }

  persist() {
    if (this.ended !== null || this.secret === null) return;
    const { id: room, game, name, seat, secret, epoch, seq, view } = this;
    this.client.store.keep({ room, game, name, seat, secret, epoch, seq, view });
  }

  // --- command numbers: one command in flight, n = lastN + 1, only `ok` uses it up

  #command(body) {
    if (this.ended !== null) return Promise.reject(new Refusal(this.ended));
    if (this.#queue.length >= MAX_QUEUE) return Promise.reject(new Refusal('overloaded'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ body, resolve, reject, n: null, sent: false, held: false, tries: 0 });
      this.#next();
    });
  }

  #next() {
    const command = this.#queue[0];
    if (!command || command.sent || command.held || this.awaitsJoined) return;
    command.n = this.lastN + 1;
    const { type, ...fields } = command.body;
    command.sent = this.client.send({ type, room: this.id, n: command.n, ...fields });
  }

  /** After `joined`: a command the server has counted gets its answer, one it has not is sent again. */
  #settle(results) {
    const command = this.#queue[0];
    if (command?.n != null && command.n <= this.lastN) {
      this.#queue.shift();
      command.resolve({ seq: results.find(({ n }) => n === command.n)?.seq ?? this.seq });
    }
    this.#next();
  }

  #acknowledge() {
    if (this.seq - this.#acked >= ACK_EVENTS) return this.#ack();
    if (this.seq !== this.#acked) this.#ackTimer ??= this.client.clock.setTimeout(() => this.#ack(), ACK_MS);
  }

  #ack() {
    this.client.clock.clearTimeout(this.#ackTimer);
    this.#ackTimer = null;
    if (this.client.send({ type: 'ack', room: this.id, seq: this.seq })) this.#acked = this.seq;
  }
}
