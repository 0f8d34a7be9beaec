import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROOM, World } from './world.mjs';

const later = () => new Promise((resolve) => { setImmediate(resolve); });

describe('PROTOCOL §2: command numbers', () => {
  it('counts up by ok only; after a no the same number is used again', async () => {
    const world = new World();
    const { room } = await world.seated();
    const first = room.act({ kind: 'declare', value: 9 });
    assert.deepEqual(world.socket.last('act'), { type: 'act', room: ROOM, n: 1, action: { kind: 'declare', value: 9 }, base: 0 });
    world.socket.says({ type: 'no', room: ROOM, n: 1, code: 'liap-tui/declare_total', message: 'no', retry: false });
    await assert.rejects(first, { code: 'liap-tui/declare_total' });
    const second = room.act({ kind: 'declare', value: 3 });
    assert.equal(world.socket.last('act').n, 1);
    world.socket.says(world.events(1, 'declared'), { type: 'ok', room: ROOM, n: 1, seq: 1 });
    assert.deepEqual(await second, { seq: 1 });
    room.host('close').catch(() => {});
    assert.equal(world.socket.last('host').n, 2);
  });

  it('sends one at a time and keeps the order', async () => {
    const world = new World();
    const { room } = await world.seated();
    const all = [room.host('add_bot'), room.host('add_bot', 2), room.host('start')];
    assert.equal(world.socket.all('host').length, 1);
    for (const n of [1, 2, 3]) world.socket.says({ type: 'ok', room: ROOM, n, seq: 0 });
    await Promise.all(all);
    assert.deepEqual(world.socket.all('host').map((message) => [message.n, message.do, message.seat]), [[1, 'add_bot', undefined], [2, 'add_bot', 2], [3, 'start', undefined]]);
  });

  it('a second answer to the same number settles nothing else', async () => {
    const world = new World();
    const { room } = await world.seated();
    const first = room.host('add_bot');
    const second = room.host('start');
    let settled = false;
    second.then(() => { settled = true; });
    world.socket.says({ type: 'ok', room: ROOM, n: 1, seq: 0 }, { type: 'ok', room: ROOM, n: 1, seq: 0 });
    await first;
    await later();
    assert.equal(settled, false);
    assert.equal(room.lastN, 1);
  });

  it('after joined: counted ones are settled by results, the rest is sent again in order', async () => {
    const world = new World();
    const { room } = await world.seated();
    const first = room.act({ kind: 'a' });
    const second = room.act({ kind: 'b' });
    world.socket.cuts();
    world.clock.advance(1_000);
    world.welcome();
    assert.equal(world.socket.all('act').length, 0);
    world.socket.says(world.joined({ resume: 'replayed', seq: 1, last_n: 1, results: [{ n: 1, seq: 1 }] }), world.events(1, 'a'));
    assert.deepEqual(await first, { seq: 1 });
    assert.deepEqual(world.socket.all('act').map(({ n, action }) => [n, action.kind]), [[2, 'b']]);
    world.socket.says({ type: 'ok', room: ROOM, n: 2, seq: 2 });
    await second;
  });

  it('after joined: one that the server never saw is sent again under its number', async () => {
    const world = new World();
    const { room } = await world.seated();
    const lost = room.act({ kind: 'a' });
    world.socket.cuts();
    world.clock.advance(1_000);
    world.welcome();
    world.socket.says(world.joined({ resume: 'live', seq: 0, last_n: 0 }));
    assert.deepEqual(world.socket.all('act').map(({ n }) => n), [1]);
    world.socket.says({ type: 'ok', room: ROOM, n: 1, seq: 1 });
    await lost;
  });

  it('asks again after retry, and gives up after five times', async () => {
    const world = new World();
    const { room } = await world.seated();
    const asked = room.act({ kind: 'a' });
    for (let i = 1; i <= 5; i += 1) {
      assert.equal(world.socket.all('act').length, i);
      world.socket.says({ type: 'no', room: ROOM, n: 1, code: 'store_unavailable', message: '', retry: 200 });
      world.clock.advance(200);
    }
    await assert.rejects(asked, { code: 'store_unavailable' });
    assert.equal(world.socket.all('act').length, 5);
  });

  it('learns the expected number from bad_number', async () => {
    const world = new World();
    const { room } = await world.seated();
    const asked = room.act({ kind: 'a' });
    world.socket.says({ type: 'no', room: ROOM, n: 1, code: 'bad_number', message: '', retry: false, expected: 7 });
    assert.equal(world.socket.last('act').n, 7);
    world.socket.says({ type: 'ok', room: ROOM, n: 7, seq: 1 });
    await asked;
  });

  it('a room that ends rejects what waits', async () => {
    const world = new World();
    const { room } = await world.seated();
    const all = [room.act({ kind: 'a' }), room.act({ kind: 'b' })];
    world.socket.says({ type: 'bye', code: 4504, action: 'stop', room: ROOM });
    for (const asked of all) await assert.rejects(asked, { code: 4504 });
    await assert.rejects(room.act({ kind: 'c' }), { code: 4504 });
  });

  it('leave is numbered and forgets the seat on ok', async () => {
    const world = new World();
    const { client, room } = await world.seated();
    const left = room.leave();
    assert.deepEqual(world.socket.last('leave'), { type: 'leave', room: ROOM, n: 1 });
    assert.equal(client.remembered().length, 1);
    world.socket.says({ type: 'ok', room: ROOM, n: 1, seq: 0 });
    await left;
    assert.deepEqual(client.remembered(), []);
    assert.equal(room.ended, 'left');
  });

  for (const code of ['bad_secret', 'room_gone', 'room_not_found']) {
    it(`a leave whose ok was lost counts as left when its seat is then refused with ${code}`, async () => {
      const world = new World();
      const { client, room } = await world.seated();
      const over = [];
      room.on('over', (why) => over.push(why));
      const left = room.leave();
      world.socket.cuts();
      world.clock.advance(1_000);
      world.welcome();
      world.socket.says({ type: 'no', room: ROOM, code, message: '', retry: false });
      await left;
      assert.deepEqual(over, ['left']);
      assert.deepEqual(client.remembered(), []);
    });
  }

  it('a leave that the server has not counted is sent again after joined', async () => {
    const world = new World();
    const { room } = await world.seated();
    const left = room.leave();
    world.socket.cuts();
    world.clock.advance(1_000);
    world.welcome();
    world.socket.says(world.joined({ resume: 'live' }));
    assert.deepEqual(world.socket.last('leave'), { type: 'leave', room: ROOM, n: 1 });
    world.socket.says({ type: 'ok', room: ROOM, n: 1, seq: 0 });
    await left;
  });
});

describe('PROTOCOL §2: secrets', () => {
  it('a lost joined orphans nothing: create is repeated with the same secret', async () => {
    const world = new World();
    const client = world.client();
    client.connect();
    world.welcome();
    const asked = client.create({ game: 'log', name: 'Ana', options: { score_limit: 10 }, visibility: 'private' });
    const first = world.socket.last('create');
    assert.ok(first.secret.length >= 22);
    world.socket.cuts();
    world.clock.advance(1_000);
    world.welcome();
    assert.deepEqual(world.socket.last('create'), first);
    world.socket.says(world.joined({ id: first.id, secret: first.secret }));
    assert.equal((await asked).secret, first.secret);
    world.socket.cuts();
    world.clock.advance(1_000);
    world.welcome();
    assert.equal(world.socket.all('create').length, 0);
  });

  it('nor does a refresh before joined: the next page repeats it', () => {
    const world = new World();
    const before = world.client();
    before.connect();
    world.welcome();
    before.join({ room: ROOM, name: 'Ben' });
    const asked = world.socket.last('join');
    const client = world.client();
    const seats = [];
    client.on('joined', (room) => seats.push(room));
    client.connect();
    world.welcome();
    assert.equal(world.socket.last('join').secret, asked.secret);
    world.socket.says(world.joined({ id: world.socket.last('join').id, seat: 1, secret: asked.secret }));
    assert.deepEqual([seats[0].seat, seats[0].name], [1, 'Ben']);
    const third = world.client();
    third.connect();
    world.welcome();
    assert.equal(world.socket.all('join').length, 0);
  });

  it('an old unanswered request is not repeated by a page opened later', () => {
    const world = new World();
    const before = world.client();
    before.create({ game: 'log', name: 'Ana' });
    world.clock.advance(60_000);
    const client = world.client();
    client.connect();
    world.welcome();
    assert.equal(world.socket.all('create').length, 0);
  });

  it('a refused join is told and not repeated', async () => {
    const world = new World();
    const client = world.client();
    client.connect();
    world.welcome();
    const asked = client.join({ room: ROOM, name: 'Ana' });
    world.socket.says({ type: 'no', id: world.socket.last('join').id, room: ROOM, code: 'name_taken', message: 'taken', retry: false });
    await assert.rejects(asked, { code: 'name_taken' });
    world.socket.cuts();
    world.clock.advance(1_000);
    world.welcome();
    assert.equal(world.socket.all('join').length, 0);
  });
});
