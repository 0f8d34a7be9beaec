import { backoffDelay } from './backoff.js';

const SUBPROTOCOL = 'gameserver.v1';
const STABLE_MS = 5_000;         // a connection that lived this long starts the backoff from the beginning
const HEARTBEAT_MS = 15_000;     // until `welcome` says otherwise
const SILENCE_MS = 10_000;       // beyond the server's heartbeat: then the connection counts as dead
const STAY_AWAY = 4500;          // close codes from here on, PROTOCOL "Codes"

/**
 * The WebSocket, one after another: opened, watched over, and opened again after a while, unless the server says stop.
 *
 * `owner` is asked and told: `hello()` the first message, `hint()` a room id for the address or undefined, `received(text)`,
 * `dropped()` whenever a socket is given up, `stopped(code)` when the server wants nobody back, `became(status)`.
 */
export class Connection {
  /** @type {{state: 'idle'|'connecting'|'connected'|'waiting'|'stopped', retryAt: number|null, code: number|null}} */
  status = { state: 'idle', retryAt: null, code: null };
  #owner; #url; #Socket; #clock; #random;
  #socket = null; #timer = null; #resumeTimer = null; #watchdog = null;
  #attempts = 0; #heartbeat = HEARTBEAT_MS; #welcomedAt = null; #goodbye = null; #elsewhere = null;

  constructor(owner, { url, Socket, clock, random }) {
    this.#owner = owner;
    this.#url = url;
    this.#Socket = Socket;
    this.#clock = clock;
    this.#random = random;
  }

  /** Connects, or tries again at once when waiting or stopped. */
  connect() {
    if (this.status.state !== 'connecting' && this.status.state !== 'connected') this.#open();
  }

  /** Drops the socket, if any, and connects at once. */
  reconnect() { this.#drop(); this.#open(); }

  /** Connects anew after a while; until then the present connection lives on. Asked twice, the first time counts. */
  reconnectIn(ms) { this.#resumeTimer ??= this.#clock.setTimeout(() => this.reconnect(), ms); }

  close() { this.#drop(); this.#became('idle'); }

  /** How long to wait before attempt number `attempt`, here or, by default, of this connection. In milliseconds. */
  delay(attempt = this.#attempts) { return backoffDelay(attempt, this.#random); }

  /** @returns {boolean} whether it left; nothing is sent before `welcome` */
  send(message) {
    if (this.status.state !== 'connected') return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  welcomed({ heartbeat_ms }) {
    this.#heartbeat = heartbeat_ms ?? HEARTBEAT_MS;
    this.#welcomedAt = this.#clock.now();
    this.#became('connected');
  }

  /** A `bye` that the close follows: it says when to come back, and where. */
  saidBye(message) { this.#goodbye = message; }

  #open() {
    this.#clock.clearTimeout(this.#timer);
    this.#became('connecting');
    const address = this.#elsewhere ?? this.#url;
    this.#elsewhere = null;        // tried once
    this.#welcomedAt = null;
    this.#goodbye = null;
    let socket;
    try {
      socket = new this.#Socket(this.#hinted(address), [SUBPROTOCOL]);
    } catch {       // an address or a page that forbids it: a failed attempt like any other
      return this.#closed(1006);
    }
    this.#socket = socket;
    socket.onopen = () => {
      if (this.#socket !== socket) return;
      socket.send(JSON.stringify(this.#owner.hello()));
      this.#listen();
    };
    socket.onmessage = ({ data }) => {
      if (this.#socket !== socket) return;
      this.#listen();
      this.#owner.received(data);
    };
    socket.onclose = ({ code }) => { if (this.#socket === socket) this.#closed(code); };
    socket.onerror = () => {};      // a close always follows and decides
    this.#listen();
  }

  #hinted(address) {
    const url = new URL(address);
    const room = this.#owner.hint();
    if (room) url.searchParams.set('room', room);
    return url.href;
  }

  #drop() {
    for (const timer of [this.#timer, this.#watchdog, this.#resumeTimer]) this.#clock.clearTimeout(timer);
    this.#resumeTimer = null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
    this.#owner.dropped();
  }

  #closed(code) {
    this.#drop();
    const bye = this.#goodbye;
    if ((code >= STAY_AWAY && code <= 4999) || bye?.action === 'stop') {
      const reason = code >= 4000 ? code : bye.code;
      this.#owner.stopped(reason);
      return this.#became('stopped', null, reason);
    }
    if (this.#welcomedAt !== null && this.#clock.now() - this.#welcomedAt >= STABLE_MS) this.#attempts = 0;
    if (bye?.action === 'elsewhere' && /^wss?:\/\/[^/]/.test(bye.url ?? '')) this.#elsewhere = bye.url;
    const ms = bye?.after_ms ?? this.delay();
    this.#attempts += 1;
    this.#timer = this.#clock.setTimeout(() => this.#open(), ms);
    this.#became('waiting', this.#clock.now() + ms, code);
  }

  #became(state, retryAt = null, code = null) {
    this.status = { state, retryAt, code };
    this.#owner.became(this.status);
  }

  /** Silence for longer than the server is ever silent: the connection is dead. */
  #listen() {
    this.#clock.clearTimeout(this.#watchdog);
    this.#watchdog = this.#clock.setTimeout(() => this.#closed(1006), this.#heartbeat + SILENCE_MS);
  }
}
