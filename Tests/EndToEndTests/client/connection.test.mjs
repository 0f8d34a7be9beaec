import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { backoffDelay } from '../../../Resources/client/backoff.js';
import { CODES } from '../../../Resources/client/codes.js';
import { makeSecret, roomIdFrom } from '../../../Resources/client/gameserver.js';
import { ROOM, World } from './world.mjs';

describe('PROTOCOL §1: framing', () => {
  it('offers gameserver.v1 and says hello before anything else', () => {
    const world = new World();
    const client = world.client();
    client.connect();
    client.list().catch(() => {});
    world.socket.opens();
    assert.deepEqual(world.socket.protocols, ['gameserver.v1']);
    assert.deepEqual(world.socket.sent.map(({ type }) => type), ['hello']);
    world.socket.says({ type: 'welcome', now: 0, heartbeat_ms: 15_000 });
    assert.equal(world.socket.all('list').length, 1);
  });

  it('reads several messages in one frame and goes on after one that is not JSON', async () => {
    const world = new World();
    const { client, room } = await world.seated();
    const problems = [];
    client.on('problem', ({ kind }) => problems.push(kind));
    world.socket.onmessage({ data: `{oops\n${JSON.stringify(world.events(1, 'dealt'))}\n{"type":"later_version"}` });
    assert.deepEqual(problems, ['bad_json']);
    assert.equal(room.seq, 1);
  });

  it('reads a room id from a link, in any case, with I, L and O as digits', () => {
    assert.equal(roomIdFrom('https://play.test/?room=abcd01io'), 'ABCD0110');
    assert.equal(roomIdFrom(' l23o-abcd '), '1230ABCD');
  });

  it('makes secrets of at least 128 bits in 22 to 64 base64url characters', () => {
    assert.match(makeSecret(), /^[A-Za-z0-9_-]{22,64}$/);
    assert.notEqual(makeSecret(), makeSecret());
    assert.equal(makeSecret((bytes) => bytes.fill(0xff)), '_'.repeat(32));
  });
});

describe('PROTOCOL §5: liveness', () => {
  it('answers a ping with its t', async () => {
    const world = new World();
    await world.seated();
    world.socket.says({ type: 'ping', t: 42, now: 1 });
    assert.deepEqual(world.socket.last('pong'), { type: 'pong', t: 42 });
  });

  it('acknowledges after twenty events at once and otherwise after a second, cumulatively', async () => {
    const world = new World();
    await world.seated();
    world.socket.says(world.events(3, 'a', 'b', 'c'));
    assert.equal(world.socket.all('ack').length, 0);
    world.clock.advance(1_000);
    assert.deepEqual(world.socket.all('ack'), [{ type: 'ack', room: ROOM, seq: 3 }]);
    for (let seq = 4; seq <= 23; seq += 1) world.socket.says(world.events(seq, 'x'));
    assert.equal(world.socket.all('ack').length, 2);
    assert.equal(world.socket.last('ack').seq, 23);
    world.clock.advance(5_000);
    assert.equal(world.socket.all('ack').length, 2);
  });

  it('takes a connection for dead when not a byte came for a heartbeat and ten seconds', async () => {
    const world = new World();
    const { client } = await world.seated();
    world.clock.advance(24_999);
    assert.equal(client.connection.state, 'connected');
    world.clock.advance(1);
    assert.equal(client.connection.state, 'waiting');
    assert.equal(world.sockets[0].closedWith, 1000);
  });

  it('knows the server clock from the ping with the shortest way', () => {
    const world = new World();
    const client = world.client();
    client.connect();
    world.socket.opens();
    world.socket.says({ type: 'welcome', now: world.clock.now() + 70_000, heartbeat_ms: 15_000 });
    const { t } = world.socket.last('ping');
    world.clock.advance(100);
    world.socket.says({ type: 'pong', t, now: t + 50 + 60_000 });
    assert.equal(client.now(), world.clock.now() + 60_000);
  });
});

describe('Coming back: backoff', () => {
  it('spreads each delay over a ceiling that doubles from 0.25 s to 30 s', () => {
    const ceilings = Array.from({ length: 9 }, (_, attempt) => backoffDelay(attempt, () => 0.999999));
    assert.deepEqual(ceilings, [249, 499, 999, 1999, 3999, 7999, 15999, 29999, 29999]);
    assert.equal(backoffDelay(5, () => 0), 0);
  });

  it('never stops on network errors', () => {
    const world = new World();
    const client = world.client();
    client.connect();
    for (let i = 0; i < 50; i += 1) {
      world.socket.cuts(1006);
      assert.equal(client.connection.state, 'waiting');
      const delay = client.connection.retryAt - world.clock.now();
      assert.equal(delay, backoffDelay(i, () => 0.5));
      world.clock.advance(delay);
    }
    assert.equal(world.sockets.length, 51);
  });

  it('takes a socket that cannot even be made for a failed attempt', () => {
    const world = new World();
    const client = world.client();
    world.forbidsSockets = true;
    client.connect();
    assert.deepEqual([client.connection.state, client.connection.code], ['waiting', 1006]);
    world.forbidsSockets = false;
    world.clock.advance(1_000);
    world.welcome();
    assert.equal(client.connection.state, 'connected');
  });

  it('comes home from an elsewhere that cannot be reached', () => {
    const world = new World();
    const client = world.client();
    client.connect();
    world.welcome();
    world.socket.says({ type: 'bye', code: 4002, action: 'elsewhere', after_ms: 10, url: 'ws://not an address/' });
    world.socket.cuts(4002);
    world.clock.advance(10);
    assert.equal(client.connection.state, 'waiting');
    world.clock.advance(1_000);
    assert.equal(world.socket.url, 'ws://server.test/ws');
  });

  it('starts from the beginning after a connection that lasted, not after one that only said welcome', () => {
    const world = new World();
    const client = world.client();
    client.connect();
    const delay = () => client.connection.retryAt - world.clock.now();
    for (let i = 0; i < 4; i += 1) { world.socket.cuts(); world.clock.advance(delay()); }
    world.welcome();
    world.socket.cuts(4006);
    assert.equal(delay(), backoffDelay(4, () => 0.5));
    world.clock.advance(delay());
    world.welcome();
    world.clock.advance(6_000);
    world.socket.cuts(4001);
    assert.equal(delay(), 125);
  });

  it('waits as long as bye says and follows it elsewhere once', () => {
    const world = new World();
    const client = world.client();
    client.connect();
    world.welcome();
    world.socket.says({ type: 'bye', code: 4002, action: 'elsewhere', after_ms: 850, url: 'ws://other.test/ws' });
    world.socket.cuts(4002);
    world.clock.advance(849);
    assert.equal(world.sockets.length, 1);
    world.clock.advance(1);
    assert.equal(world.socket.url, 'ws://other.test/ws');
    world.socket.cuts();
    world.clock.advance(30_000);
    assert.equal(world.socket.url, 'ws://server.test/ws');
  });

  it('comes back after every code below 4500 and stays away from 4500 on, as the table says', () => {
    const codes = Object.keys(CODES).filter((code) => /^\d+$/.test(code)).map(Number);
    assert.deepEqual(codes, [4001, 4002, 4003, 4004, 4005, 4006, 4007, 4501, 4502, 4503, 4504, 4505, 4506, 4507, 4509]);
    for (const code of [...codes, 1002, 1003, 1006, 1007, 1009, 4999]) {
      const world = new World();
      const client = world.client();
      client.connect();
      world.welcome();
      world.socket.cuts(code);
      const comesBack = CODES[code]?.comeBack ?? code < 4500;
      assert.equal(comesBack, code < 4500);
      assert.equal(client.connection.state, comesBack ? 'waiting' : 'stopped', String(code));
      world.clock.advance(60_000);
      assert.equal(world.sockets.length > 1, comesBack, String(code));
    }
  });
});
