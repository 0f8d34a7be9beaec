// A scripted server, a manual clock and a storage in memory: what the client module is tested against.

import { GameServerClient } from '../../../Resources/client/gameserver.js';

export class ManualClock {
  #now = 1_000_000; #timers = new Map(); #next = 1;
  now() { return this.#now; }
  setTimeout(callback, ms) { this.#timers.set(this.#next, { at: this.#now + ms, callback }); return this.#next++; }
  clearTimeout(id) { this.#timers.delete(id); }
  advance(ms) {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.#now = due[1].at;
      due[1].callback();
    }
    this.#now = end;
  }
}

export class MemoryStorage {
  #values = new Map();
  get length() { return this.#values.size; }
  key(i) { return [...this.#values.keys()][i] ?? null; }
  getItem(key) { return this.#values.get(key) ?? null; }
  setItem(key, value) { this.#values.set(key, String(value)); }
  removeItem(key) { this.#values.delete(key); }
}

/** One end of a connection: the test plays the server. */
class ScriptedSocket {
  sent = []; closedWith = null;
  constructor(url, protocols) { this.url = url; this.protocols = protocols; }
  send(text) { for (const line of text.split('\n')) this.sent.push(JSON.parse(line)); }
  close(code) { this.closedWith = code; }
  opens() { this.onopen(); }
  says(...messages) { this.onmessage({ data: messages.map((message) => JSON.stringify(message)).join('\n') }); }
  cuts(code = 1006) { this.onclose({ code }); }
  last(type) { return this.sent.filter((message) => message.type === type).at(-1); }
  all(type) { return this.sent.filter((message) => message.type === type); }
  forget() { this.sent.length = 0; }
}

const status = { rev: 1, state: 'playing', host: 0, seats: [] };
export const ROOM = '0123ABCD';

/** A view that remembers every event it saw: what was folded, and how often. */
export const remember = (view, event) => ({ seen: [...(view?.seen ?? []), event.kind] });

export class World {
  sockets = []; clock = new ManualClock(); storage = new MemoryStorage(); random = 0.5; secrets = 0; forbidsSockets = false;

  client(options = {}) {
    const world = this;
    const client = new GameServerClient({
      url: 'ws://server.test/ws', folds: { log: remember }, storage: this.storage, clock: this.clock, random: () => this.random,
      secret: () => `secret-${++this.secrets}`.padEnd(32, '0'), ...options,
      WebSocket: class extends ScriptedSocket {
        constructor(...all) {
          if (world.forbidsSockets) throw new Error('insecure');
          super(...all);
          world.sockets.push(this);
        }
      },
    });
    return client;
  }

  get socket() { return this.sockets.at(-1); }

  welcome(heartbeat_ms = 15_000) {
    this.socket.opens();
    this.socket.says({ type: 'welcome', session: 's', now: this.clock.now(), heartbeat_ms, limits: {}, server: {}, games: [] });
  }

  joined(fields = {}) {
    return { type: 'joined', room: ROOM, game: { id: 'log', version: '1' }, seat: 0, secret: 'secret-1'.padEnd(32, '0'), epoch: 'e1', seq: 0, resume: 'new', last_n: 0, results: [], view: null, status, ...fields };
  }

  events(seq, ...kinds) {
    return { type: 'events', room: ROOM, seq, at: 0, events: kinds.map((kind) => (kind === null ? null : { kind })) };
  }

  /** A client that sits in a room at sequence 0. */
  async seated() {
    const client = this.client();
    client.connect();
    this.welcome();
    const asked = client.create({ game: 'log', name: 'Ana' });
    this.socket.says(this.joined({ id: this.socket.last('create').id }));
    const room = await asked;
    this.socket.forget();
    return { client, room };
  }
}
