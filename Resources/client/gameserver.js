// A client of the wire `gameserver.v1` (docs/PROTOCOL.md): one connection, up to eight rooms. It owns hello, resume,
// command numbers, acks, liveness and backoff; the rules of a game come in as a pure `fold(view, event, seat) -> view`.

import { backoffDelay } from './backoff.js';
import { Emitter } from './emitter.js';
import { Room } from './room.js';
import { SeatStore } from './seat-store.js';

/**
 * Everything the server can say no or goodbye with. `comeBack` on a refusal: the same request may succeed later
 * unchanged; on a close code: connect again. A number from the server (`retry`, `after_ms`) says when.
 * Source: docs/PROTOCOL.md, "Codes".
 * @type {Readonly<Record<string, {comeBack: boolean, text: string}>>}
 */
export const CODES = Object.freeze({
  bad_request: { comeBack: false, text: 'The server could not read that request.' },
  unknown_type: { comeBack: false, text: 'The server does not know that request.' },
  not_joined: { comeBack: false, text: 'You have no seat in this room.' },
  bad_number: { comeBack: true, text: 'That command came out of order.' },
  not_host: { comeBack: false, text: 'Only the host may do that.' },
  not_your_turn: { comeBack: false, text: 'It is not your turn.' },
  wrong_phase: { comeBack: false, text: 'That is not possible at this point.' },
  refused: { comeBack: false, text: 'The server refused that.' },
  room_full: { comeBack: false, text: 'Every seat of this room is taken.' },
  room_not_found: { comeBack: false, text: 'There is no room with this code.' },
  room_gone: { comeBack: false, text: 'This room is closed.' },
  seat_taken: { comeBack: false, text: 'That seat is taken.' },
  name_taken: { comeBack: false, text: 'Somebody in this room already has that name.' },
  bad_secret: { comeBack: false, text: 'This seat now belongs to somebody else.' },
  bad_token: { comeBack: false, text: 'Your sign-in is not valid.' },
  rate_limited: { comeBack: true, text: 'That was too fast. Try again in a moment.' },
  too_large: { comeBack: false, text: 'That message is too long.' },
  draining: { comeBack: true, text: 'The server is about to restart. Try again in a moment.' },
  overloaded: { comeBack: true, text: 'The server is busy. Try again in a moment.' },
  store_unavailable: { comeBack: true, text: 'The server cannot save right now. Try again in a moment.' },
  poisoned: { comeBack: false, text: 'The server set this command aside because it fails.' },
  internal: { comeBack: true, text: 'Something went wrong on the server.' },
  4001: { comeBack: true, text: 'The server is restarting.' },
  4002: { comeBack: true, text: 'The room moved to another server.' },
  4003: { comeBack: true, text: 'This connection was too slow.' },
  4004: { comeBack: true, text: 'The server heard nothing from here.' },
  4005: { comeBack: true, text: 'The server asked for a fresh start.' },
  4006: { comeBack: true, text: 'The server is busy.' },
  4007: { comeBack: true, text: 'Something went wrong on the server.' },
  4501: { comeBack: false, text: 'Your sign-in is not valid.' },
  4502: { comeBack: false, text: 'This seat is being played in another window.' },
  4503: { comeBack: false, text: 'The host removed you from the room.' },
  4504: { comeBack: false, text: 'The room is closed.' },
  4505: { comeBack: false, text: 'The server did not understand this page. Reload it.' },
  4506: { comeBack: false, text: 'This page is out of date. Reload it.' },
  4507: { comeBack: false, text: 'The server cut this connection for sending too much.' },
  4509: { comeBack: false, text: 'This page did not introduce itself in time. Reload it.' },
});

/** The answer `no`, or a room that ended before the answer came; `code` is a key of `CODES` or `<game>/<code>`. */
export class Refusal extends Error {
  /** @param {string|number} code @param {string} [message] @param {false|number} [retry] milliseconds */
  constructor(code, message, retry = false) {
    super(message || CODES[code]?.text || String(code));
    this.name = 'Refusal';
    this.code = code;
    this.retry = retry;
  }
}

const SUBPROTOCOL = 'gameserver.v1';
const MAX_TRIES = 5;             // of a request refused with `retry`, of a resume refused without: then the refusal is told
const STABLE_MS = 5_000;         // a connection that lived this long starts the backoff from the beginning
const SILENCE_MS = 10_000;       // beyond the server's heartbeat: then the connection counts as dead
const FORGET_ON = new Set(['bad_secret', 'room_gone', 'room_not_found', 4503, 4504]);
const NOT_OF_A_RESUME = new Set(['not_joined', 'rate_limited', 'bad_request']);   // they answer something else

/** A room id as the server writes it, from what a person typed or pasted (also a whole link). */
export function roomIdFrom(text) {
  const link = /[?&]room=([^&#\s]+)/.exec(text);
  return (link ? link[1] : text).trim().toUpperCase().replace(/[IL]/g, '1').replace(/O/g, '0').replace(/[^0-9A-Z]/g, '');
}

/** A seat secret: 192 random bits as 32 base64url characters. */
export function makeSecret(fill = (bytes) => crypto.getRandomValues(bytes)) {
  const bytes = fill(new Uint8Array(24));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_');
}

/**
 * @typedef {Object} ClientOptions
 * @property {string} [url]       of the WebSocket; default: `/ws` of the page's own host
 * @property {Record<string, (view: any, event: any, seat: number|null) => any>} [folds] by game id
 * @property {Storage} [storage]  default: localStorage; `null` keeps nothing
 * @property {typeof WebSocket} [WebSocket]
 * @property {{now(): number, setTimeout(f: () => void, ms: number): any, clearTimeout(id: any): void}} [clock]
 * @property {() => number} [random]  in [0, 1), for the backoff
 * @property {() => string} [secret]  makes a seat secret
 * @property {{name: string, version: string}} [client]
 *
 * Events: `connection` ({state, retryAt, code}), `joined` (Room), `rooms` (pushed lobby list), `notice`, `problem`.
 */
export class GameServerClient extends Emitter {
  /** @type {Map<string, Room>} */ rooms = new Map();
  /** @type {{state: 'idle'|'connecting'|'connected'|'waiting'|'stopped', retryAt: number|null, code: number|null}} */
  connection = { state: 'idle', retryAt: null, code: null };
  welcome = null;
  #socket = null; #timer = null; #resumeTimer = null; #watchdog = null; #attempts = 0; #welcomedAt = null; #goodbye = null; #elsewhere = null;
  #requests = new Map(); #nextId = 1; #offset = { ms: 0, rtt: Infinity };

  /** @param {ClientOptions} [options] */
  constructor(options = {}) {
    super();
    this.url = options.url ?? defaultUrl();
    this.folds = options.folds ?? {};
    this.store = new SeatStore(options.storage === undefined ? globalThis.localStorage : options.storage);
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? Math.random;
    this.makeSecret = options.secret ?? makeSecret;
    this.Socket = options.WebSocket ?? globalThis.WebSocket;
    this.identity = options.client ?? { name: 'web', version: '1' };
    for (const request of this.store.pending(this.clock.now())) this.#ask(request, true);
  }

  /** The server's clock, Unix milliseconds. */
  now() { return this.clock.now() + this.#offset.ms; }

  /** Seats kept in storage: what a page can offer to return to. */
  remembered() { return this.store.seats(); }

  /** Connects, or tries again at once when waiting or stopped. */
  connect() {
    if (this.connection.state === 'connecting' || this.connection.state === 'connected') return;
    this.#open();
  }

  /** Ends the connection without giving up any seat. */
  close() { this.#drop(); this.#became('idle'); }

  /** Public rooms, waiting or playing. */
  list(game) { return this.#ask({ type: 'list', ...(game && { game }) }); }

  /** @returns {Promise<Room>} seated and host; refused: rejects with `Refusal` */
  create({ game, name, options, visibility = 'public' }) {
    return this.#ask({ type: 'create', game, name, options, visibility, secret: this.makeSecret() });
  }

  /** @returns {Promise<Room>} */
  join({ room, name, seat }) {
    const again = this.rooms.get(room);
    if (again?.seat != null) return Promise.resolve(again);
    return this.#ask({ type: 'join', room, name, ...(seat != null && { seat }), secret: this.makeSecret() });
  }

  /** @returns {Promise<Room>} with `seat` null */
  watch(room) { return this.#ask({ type: 'watch', room }); }

  /** Returns to a remembered seat. The room's `joined` or `over` event says how it went; null: nothing remembered. */
  resume(id) {
    const kept = this.store.seat(id);
    if (!kept) return null;
    const room = Room.restored(this, kept);
    this.rooms.set(id, room);
    this.reconnect();     // only a hello carries a resume
    return room;
  }

  /** Drops the connection, if any, and connects at once. */
  reconnect() { this.#drop(); this.#open(); }

  /** Used by rooms. @returns {boolean} whether it left; nothing is sent before `welcome` */
  send(message) {
    if (this.connection.state !== 'connected') return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  // --- connection

  #open() {
    this.clock.clearTimeout(this.#timer);
    this.#became('connecting');
    const address = this.#elsewhere ?? this.url;
    this.#elsewhere = null;
    this.#welcomedAt = null;
    this.#goodbye = null;
    this.#offset = { ...this.#offset, rtt: Infinity };
    let socket;
    try {
      socket = new this.Socket(this.#hinted(address), [SUBPROTOCOL]);
    } catch {       // an address or a page that forbids it: a failed attempt like any other
      return this.#closed(1006);
    }
    this.#socket = socket;
    socket.onopen = () => {
      const resume = [...this.rooms.values()].filter((room) => !room.ended).map((room) => room.resumption());
      socket.send(JSON.stringify({ type: 'hello', client: this.identity, ...(resume.length && { resume }) }));
      this.#listen();
    };
    socket.onmessage = ({ data }) => { if (this.#socket === socket) this.#receive(data); };
    socket.onclose = ({ code }) => { if (this.#socket === socket) this.#closed(code); };
    socket.onerror = () => {};      // a close always follows and decides
    this.#listen();
  }

  #hinted(address) {
    const url = new URL(address);
    const hint = this.rooms.keys().next().value ?? [...this.#requests.values()].find(({ message }) => message.room)?.message.room;
    if (hint) url.searchParams.set('room', hint);
    return url.href;
  }

  #drop() {
    this.clock.clearTimeout(this.#timer);
    this.clock.clearTimeout(this.#watchdog);
    this.clock.clearTimeout(this.#resumeTimer);
    this.#resumeTimer = null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
    for (const room of this.rooms.values()) room.detached();
  }

  #closed(code) {
    this.#drop();
    const bye = this.#goodbye;
    const stop = (code >= 4500 && code <= 4999) || (bye && !bye.room && bye.action === 'stop');
    if (stop) {
      const reason = code >= 4000 ? code : bye.code;
      for (const room of [...this.rooms.values()]) this.finish(room, reason);
      return this.#became('stopped', null, reason);
    }
    if (this.#welcomedAt !== null && this.clock.now() - this.#welcomedAt >= STABLE_MS) this.#attempts = 0;
    if (bye?.action === 'elsewhere' && /^wss?:\/\/[^/]/.test(bye.url ?? '')) this.#elsewhere = bye.url;   // tried once
    this.#later(bye?.after_ms ?? backoffDelay(this.#attempts, this.random), code);
    this.#attempts += 1;
  }

  #later(ms, code) {
    this.#timer = this.clock.setTimeout(() => this.#open(), ms);
    this.#became('waiting', this.clock.now() + ms, code);
  }

  #became(state, retryAt = null, code = null) {
    this.connection = { state, retryAt, code };
    this.emit('connection', this.connection);
  }

  #listen() {
    this.clock.clearTimeout(this.#watchdog);
    const ms = (this.welcome?.heartbeat_ms ?? 15_000) + SILENCE_MS;
    this.#watchdog = this.clock.setTimeout(() => this.#closed(1006), ms);
  }

  // --- messages

  #receive(text) {
    this.#listen();
    const touched = new Set();
    for (const line of text.split('\n')) {
      if (!line.trim()) continue;
      let message;
      try { message = JSON.parse(line); } catch { this.emit('problem', { kind: 'bad_json', text: line.slice(0, 200) }); continue; }
      const room = this.#handle(message);
      if (room) touched.add(room);
    }
    for (const room of touched) { room.persist(); room.emit('change', room); }
  }

  /** @returns the room whose state changed, if any */
  #handle(message) {
    const room = this.rooms.get(message.room);
    switch (message.type) {
      case 'welcome': return this.#welcomed(message);
      case 'ping': this.#tell(message.now, null); this.send({ type: 'pong', t: message.t }); return null;
      case 'pong': this.#tell(message.now, message.t); return null;
      case 'joined': return this.#joined(message);
      case 'rooms': this.#settle(message.id, message.rooms) || this.emit('rooms', message.rooms); return null;
      case 'notice': this.emit('notice', message); return null;
      case 'bye': return this.#bye(message, room);
      case 'ok': if (message.n === undefined) this.#settle(message.id, message); else room?.ok(message); return room;
      case 'no': return this.#refused(message, room);
      case 'events': case 'snapshot': case 'room': case 'chat': room?.[message.type](message); return room;
      default: return null;             // a newer server may say more
    }
  }

  #welcomed(message) {
    this.welcome = message;
    this.#welcomedAt = this.clock.now();
    this.#tell(message.now, null);
    this.#became('connected');
    this.send({ type: 'ping', t: this.clock.now() });
    for (const request of this.#requests.values()) this.send(request.message);
    return null;
  }

  /** Learns the server's clock: of all samples of this connection the one with the shortest way counts. */
  #tell(now, sentAt) {
    if (typeof now !== 'number') return;
    const here = this.clock.now();
    const rtt = sentAt === null ? 1e6 : here - sentAt;
    if (rtt <= this.#offset.rtt) this.#offset = { ms: now - (sentAt === null ? here : (here + sentAt) / 2), rtt };
  }

  #joined(message) {
    const request = this.#requests.get(message.id)?.message;
    let room = this.rooms.get(message.room);
    if (!room || room.ended) this.rooms.set(message.room, room = new Room(this, message.room, request?.name));
    if (request?.name) room.name = request.name;
    room.joined(message, request?.secret);
    this.store.keepPending(request?.secret, null);
    this.#settle(message.id, room);
    this.emit('joined', room);
    return room;
  }

  #bye(message, room) {
    if (!message.room) { this.#goodbye = message; return null; }
    if (!room) return null;
    if (message.action === 'stop') {
      this.finish(room, message.code);
    } else {
      room.detached();
      if (this.rooms.size === 1) this.#goodbye = message;     // the close follows
      this.#resumeIn(message.after_ms ?? backoffDelay(this.#attempts, this.random));
    }
    return room;
  }

  /** Connects anew for rooms that want to be resumed: only a hello can ask. Until then the others play on. */
  #resumeIn(ms) {
    this.#resumeTimer ??= this.clock.setTimeout(() => this.reconnect(), ms);
  }

  /** The room is over for this client; its seat is forgotten unless it only moved to another window. */
  finish(room, code) {
    if (FORGET_ON.has(code)) this.store.forget(room.id);
    if (this.rooms.get(room.id) === room) this.rooms.delete(room.id);
    room.over(code);
  }

  #refused(message, room) {
    const refusal = new Refusal(message.code, message.message, message.retry ?? false);
    if (message.n !== undefined && room) { room.no(message, refusal); return room; }
    const request = this.#requests.get(message.id);
    if (request) {
      request.tries += 1;
      if (typeof message.retry === 'number' && request.tries < MAX_TRIES) {
        this.clock.setTimeout(() => this.#requests.has(message.id) && this.send(request.message), message.retry);
      } else {
        this.#requests.delete(message.id);
        this.store.keepPending(request.message.secret, null);
        request.reject(refusal);
      }
    } else if (room?.awaitsJoined && !NOT_OF_A_RESUME.has(message.code)) {
      return this.#resumeRefused(message, room);
    } else if (!room?.resyncRefused(message)) {
      this.emit('problem', { kind: message.code, text: message.message });
    }
    return null;
  }

  /** A room that cannot be resumed now is asked for again; it keeps neither the connection nor other rooms waiting. */
  #resumeRefused({ code, message, retry }, room) {
    room.refusals += 1;
    const askAgain = typeof retry === 'number' || (CODES[code]?.comeBack && room.refusals < MAX_TRIES);
    if (!askAgain) {
      this.finish(room, code);
      return room;
    }
    this.#resumeIn(Math.max(retry || 0, backoffDelay(room.refusals, this.random)));
    this.emit('problem', { kind: code, text: message });
    return null;
  }

  // --- requests: answered once, repeated after a reconnect, create and join with the same secret

  #ask(message, quiet = false) {
    const id = this.#nextId++;
    const numbered = { ...message, id };
    if (message.secret && !quiet) this.store.keepPending(message.secret, { ...message, at: this.clock.now() });
    const answer = new Promise((resolve, reject) => this.#requests.set(id, { message: numbered, resolve, reject, tries: 0 }));
    if (quiet) answer.catch(() => {});    // asked by an earlier page: `joined` tells, a refusal concerns nobody
    this.send(numbered);
    return answer;
  }

  #settle(id, value) {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    request?.resolve(value);
    return request !== undefined;
  }
}

const systemClock = {
  now: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (id) => clearTimeout(id),
};

function defaultUrl() {
  const { protocol, host } = globalThis.location;
  return `${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}/ws`;
}
