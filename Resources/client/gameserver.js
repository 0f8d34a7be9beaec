// A client of the wire `gameserver.v1` (docs/PROTOCOL.md): one connection, up to eight rooms. It owns hello, resume,
// command numbers, acks, liveness and backoff; the rules of a game come in as a pure `fold(view, event, seat) -> view`.

import { CODES, Refusal } from './codes.js';
import { Connection } from './connection.js';
import { Emitter } from './emitter.js';
import { Requests } from './requests.js';
import { Room } from './room.js';
import { SeatStore } from './seat-store.js';
import { ServerClock } from './server-clock.js';

const MAX_RESUMES = 5;           // of one room, refused without `retry`; then it is over here, but not forgotten
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
  /** The last `welcome`. */ welcome = null;
  #link; #requests; #serverClock;

  /** @param {ClientOptions} [options] */
  constructor(options = {}) {
    super();
    this.folds = options.folds ?? {};
    this.store = new SeatStore(options.storage === undefined ? globalThis.localStorage : options.storage);
    this.clock = options.clock ?? systemClock;
    this.makeSecret = options.secret ?? makeSecret;
    this.identity = options.client ?? { name: 'web', version: '1' };
    this.#serverClock = new ServerClock(this.clock);
    this.#link = new Connection(this.#linkOwner(), {
      url: options.url ?? defaultUrl(), Socket: options.WebSocket ?? globalThis.WebSocket,
      clock: this.clock, random: options.random ?? Math.random,
    });
    this.#requests = new Requests((message) => this.send(message), this.store, this.clock);
  }

  #linkOwner() {
    return {
      hello: () => this.#hello(),
      hint: () => this.rooms.keys().next().value ?? this.#requests.room,
      received: (text) => this.#receive(text),
      dropped: () => { for (const room of this.rooms.values()) room.detached(); },
      stopped: (code) => { for (const room of [...this.rooms.values()]) this.finish(room, code); },
      became: (status) => this.emit('connection', status),
    };
  }

  /** `{state, retryAt, code}`, as the event says it. */
  get connection() { return this.#link.status; }

  /** The server's clock, Unix milliseconds. */
  now() { return this.#serverClock.now(); }

  /** Seats kept in storage: what a page can offer to return to. */
  remembered() { return this.store.seats(); }

  /** Connects, or tries again at once when waiting or stopped. */
  connect() { this.#link.connect(); }

  /** Drops the connection, if any, and connects at once. */
  reconnect() { this.#link.reconnect(); }

  /** Ends the connection without giving up any seat. */
  close() { this.#link.close(); }

  /** Public rooms, waiting or playing. */
  list(game) { return this.#requests.ask({ type: 'list', ...(game && { game }) }); }

  /** @returns {Promise<Room>} seated and host; refused: rejects with `Refusal` */
  create({ game, name, options, visibility = 'public' }) {
    return this.#requests.ask({ type: 'create', game, name, options, visibility, secret: this.makeSecret() });
  }

  /** @returns {Promise<Room>} */
  join({ room, name, seat }) {
    const again = this.rooms.get(room);
    if (again?.seat != null) return Promise.resolve(again);
    return this.#requests.ask({ type: 'join', room, name, ...(seat != null && { seat }), secret: this.makeSecret() });
  }

  /** @returns {Promise<Room>} with `seat` null */
  watch(room) { return this.#requests.ask({ type: 'watch', room }); }

  /** Returns to a remembered seat. The room's `joined` or `over` event says how it went; null: nothing remembered. */
  resume(id) {
    const kept = this.store.seat(id);
    if (!kept) return null;
    const room = Room.restored(this, kept);
    this.rooms.set(id, room);
    this.reconnect();     // only a hello carries a resume
    return room;
  }

  // --- used by rooms

  /** @returns {boolean} whether it left; nothing is sent before `welcome` */
  send(message) { return this.#link.send(message); }

  /** The room is over for this client; its seat is forgotten unless it only moved to another window. */
  finish(room, code) {
    if (FORGET_ON.has(code)) this.store.forget(room.id);
    if (this.rooms.get(room.id) === room) this.rooms.delete(room.id);
    room.over(code);
  }

  // --- messages

  #hello() {
    this.#serverClock.restart();
    const resume = [...this.rooms.values()].map((room) => room.resumption());
    return { type: 'hello', client: this.identity, ...(resume.length && { resume }) };
  }

  #receive(text) {
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
      case 'ping': this.#serverClock.told(message.now); this.send({ type: 'pong', t: message.t }); return null;
      case 'pong': this.#serverClock.told(message.now, message.t); return null;
      case 'joined': return this.#joined(message);
      case 'rooms': this.#requests.answered(message.id, message.rooms) || this.emit('rooms', message.rooms); return null;
      case 'notice': this.emit('notice', message); return null;
      case 'bye': return this.#bye(message, room);
      case 'ok': if (message.n === undefined) this.#requests.answered(message.id, message); else room?.ok(message); return room;
      case 'no': return this.#refused(message, room);
      case 'events': case 'snapshot': case 'room': case 'chat': room?.[message.type](message); return room;
      default: return null;             // a newer server may say more
    }
  }

  #welcomed(message) {
    this.welcome = message;
    this.#serverClock.told(message.now);
    this.#link.welcomed(message);
    this.send({ type: 'ping', t: this.clock.now() });
    this.#requests.askAgain();
    return null;
  }

  #joined(message) {
    const request = this.#requests.message(message.id);
    let room = this.rooms.get(message.room);
    if (!room || room.ended) this.rooms.set(message.room, room = new Room(this, message.room, request?.name));
    if (request?.name) room.name = request.name;
    room.joined(message, request?.secret);
    this.#requests.answered(message.id, room);
    this.emit('joined', room);
    return room;
  }

  #bye(message, room) {
    if (!message.room) this.#link.saidBye(message);
    if (!room) return null;
    if (message.action === 'stop') {
      this.finish(room, message.code);
    } else {
      room.detached();
      if (this.rooms.size === 1) this.#link.saidBye(message);     // the close follows
      this.#link.reconnectIn(message.after_ms ?? this.#link.delay());
    }
    return room;
  }

  #refused(message, room) {
    if (message.n !== undefined && room) {
      room.no(message);
      return room;
    }
    if (this.#requests.refused(message)) return null;
    if (room?.awaitsJoined && !NOT_OF_A_RESUME.has(message.code)) return this.#resumeRefused(message, room);
    if (!room?.resyncRefused(message)) this.emit('problem', { kind: message.code, text: message.message });
    return null;
  }

  /** A room that cannot be resumed now is asked for again; it keeps neither the connection nor other rooms waiting. */
  #resumeRefused({ code, message, retry }, room) {
    room.refusals += 1;
    if (typeof retry !== 'number' && !(CODES[code]?.comeBack && room.refusals < MAX_RESUMES)) {
      this.finish(room, code);
      return room;
    }
    this.#link.reconnectIn(Math.max(retry || 0, this.#link.delay(room.refusals)));
    this.emit('problem', { kind: code, text: message });
    return null;
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
