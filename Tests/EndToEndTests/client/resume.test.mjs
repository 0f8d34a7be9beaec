import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROOM, World } from './world.mjs';

const SECRET = 'secret-1'.padEnd(32, '0');

/** Seated, with three events seen, cut off and connected again. */
async function cutAndBack() {
  const world = new World();
  const { client, room } = await world.seated();
  world.socket.says(world.events(3, 'a', 'b', 'c'));
  world.socket.cuts();
  world.clock.advance(1_000);
  world.welcome();
  return { world, client, room };
}

describe('PROTOCOL §4: resume', () => {
  it('asks with secret, epoch and position', async () => {
    const { world } = await cutAndBack();
    assert.deepEqual(world.socket.last('hello').resume, [{ room: ROOM, secret: SECRET, epoch: 'e1', seq: 3 }]);
    assert.match(world.socket.url, /\?room=0123ABCD$/);
  });

  it('live: nothing was missed, the view stays', async () => {
    const { world, room } = await cutAndBack();
    world.socket.says(world.joined({ resume: 'live', seq: 3, view: undefined }));
    assert.deepEqual(room.view.seen, ['a', 'b', 'c']);
    world.socket.says(world.events(4, 'd'));
    assert.equal(room.seq, 4);
  });

  it('replayed: exactly the missed events are folded', async () => {
    const { world, room } = await cutAndBack();
    world.socket.says(world.joined({ resume: 'replayed', seq: 5, view: undefined }), world.events(5, 'd', 'e'));
    assert.deepEqual(room.view.seen, ['a', 'b', 'c', 'd', 'e']);
    assert.equal(room.seq, 5);
  });

  it('snapshot: its view is the truth, events before it are not applied', async () => {
    const { world, room } = await cutAndBack();
    world.socket.says(world.joined({ resume: 'snapshot', seq: 400, epoch: 'e2', view: undefined }));
    world.socket.says(world.events(4, 'wrong'));
    world.socket.says({ type: 'snapshot', room: ROOM, seq: 400, view: { seen: ['all'] }, reason: 'resume' });
    world.socket.says(world.events(401, 'next'));
    assert.deepEqual(room.view.seen, ['all', 'next']);
    assert.equal(room.resumption().epoch, 'e2');
  });

  it('refused for good: the seat is forgotten and the room is over', async () => {
    const { world, client, room } = await cutAndBack();
    world.socket.says({ type: 'no', room: ROOM, code: 'bad_secret', message: '', retry: false });
    assert.equal(room.ended, 'bad_secret');
    assert.deepEqual(client.remembered(), []);
    assert.equal(client.connection.state, 'connected');
  });

  it('refused for now: it asks again with a new hello, as late as the server says, as often as it says', async () => {
    const { world, room } = await cutAndBack();
    for (let i = 0; i < 8; i += 1) {
      world.socket.says({ type: 'no', room: ROOM, code: 'store_unavailable', message: '', retry: 60_000 });
      const { length } = world.sockets;
      for (let s = 1; s < 60; s += 1) { world.clock.advance(1_000); world.socket.says({ type: 'ping', t: 0, now: 0 }); }
      assert.equal(world.sockets.length, length);
      world.clock.advance(1_000);
      world.welcome();
      assert.equal(world.socket.last('hello').resume[0].seq, 3);
    }
    assert.equal(room.ended, null);
  });

  it('a room that cannot be read back keeps no other down; after five times it is over, and not forgotten', async () => {
    const world = new World();
    const { client, room } = await world.seated();
    const asked = client.watch('ZZZZZZZZ');
    world.socket.says(world.joined({ room: 'ZZZZZZZZ', seat: null, secret: null, id: world.socket.last('watch').id }));
    const watched = await asked;
    world.socket.cuts();
    world.clock.advance(1_000);
    for (let i = 1; i <= 5; i += 1) {
      world.welcome();
      world.socket.says({ type: 'no', room: ROOM, code: 'internal', message: '', retry: false });
      world.socket.says(world.joined({ room: 'ZZZZZZZZ', seat: null, secret: null, resume: 'live' }));
      assert.equal(client.connection.state, 'connected');
      assert.equal(watched.awaitsJoined, false);
      assert.equal(room.ended, i < 5 ? null : 'internal');
      assert.equal(world.sockets.length, i + 1);
      world.clock.advance(20_000);
    }
    assert.equal(world.sockets.length, 6);
    assert.deepEqual(client.remembered().map((seat) => seat.room), [ROOM]);
  });

  it('nothing is said in a room or asked of it before joined', async () => {
    const { world, room } = await cutAndBack();
    assert.equal(room.chatSay('hello'), false);
    room.resync();
    assert.deepEqual(world.socket.all('chat').concat(world.socket.all('resync')), []);
    world.socket.says(world.joined({ resume: 'replayed', seq: 4, view: undefined }), world.events(4, 'd'));
    assert.deepEqual(room.view.seen, ['a', 'b', 'c', 'd']);
    assert.equal(room.chatSay('hello'), true);
  });

  for (const code of ['not_joined', 'rate_limited', 'bad_request']) {
    it(`${code} answers something else: the seat is kept and waits for its joined`, async () => {
      const { world, client, room } = await cutAndBack();
      world.socket.says({ type: 'no', room: ROOM, code, message: '', retry: code === 'rate_limited' && 50 });
      assert.equal(room.ended, null);
      assert.equal(client.remembered().length, 1);
      assert.equal(client.connection.state, 'connected');
      world.socket.says(world.joined({ resume: 'live', seq: 3, view: undefined }));
      assert.equal(room.awaitsJoined, false);
    });
  }

  it('a page refresh is a resume from storage', async () => {
    const world = new World();
    const { room: before } = await world.seated();
    world.socket.says(world.events(2, 'a', null));
    const client = world.client();
    assert.deepEqual(client.remembered().map(({ room, name, seq }) => [room, name, seq]), [[ROOM, 'Ana', 2]]);
    const room = client.resume(ROOM);
    assert.deepEqual(room.view, before.view);
    world.welcome();
    assert.deepEqual(world.socket.last('hello').resume, [{ room: ROOM, secret: SECRET, epoch: 'e1', seq: 2 }]);
    world.socket.says(world.joined({ resume: 'replayed', seq: 3, view: undefined }), world.events(3, 'c'));
    assert.deepEqual(room.view.seen, ['a', 'c']);
  });

  it('a position without its view asks for a snapshot', async () => {
    const world = new World();
    world.storage.setItem(`gameserver.v1:seat:${ROOM}`, JSON.stringify({ room: ROOM, secret: SECRET, epoch: 'e1', seq: 9, view: null }));
    world.client().resume(ROOM);
    world.welcome();
    assert.notEqual(world.socket.last('hello').resume[0].epoch, 'e1');
  });

  for (const spoiled of [{ seq: '9' }, { seq: -1 }, { seq: 1.5 }, { epoch: 7 }, { epoch: undefined }]) {
    it(`a kept position spoiled by ${JSON.stringify(spoiled)} asks for a snapshot, and can be read`, () => {
      const world = new World();
      const kept = { room: ROOM, secret: SECRET, epoch: 'e1', seq: 9, view: { seen: [] }, ...spoiled };
      world.storage.setItem(`gameserver.v1:seat:${ROOM}`, JSON.stringify(kept));
      world.client().resume(ROOM);
      world.welcome();
      const [{ epoch, seq }] = world.socket.last('hello').resume;
      assert.notEqual(epoch, 'e1');
      assert.deepEqual([typeof epoch, seq], ['string', 0]);
    });
  }

  for (const spoiled of ['{', '7', 'null', '{"room":"0123ABCD","secret":7}', '{"secret":"x"}']) {
    it(`what is no seat at all is as if absent: ${spoiled}`, () => {
      const world = new World();
      world.storage.setItem(`gameserver.v1:seat:${ROOM}`, spoiled);
      assert.equal(world.client().resume(ROOM), null);
      assert.deepEqual(world.client().remembered(), []);
    });
  }

  it('plays on without storage', async () => {
    const world = new World();
    world.storage = null;
    const { client, room } = await world.seated();
    world.socket.says(world.events(1, 'a'));
    assert.equal(room.seq, 1);
    assert.deepEqual(client.remembered(), []);
  });
});

describe('PROTOCOL §1: one dense sequence', () => {
  it('an event seen already is not applied again, a hidden one only counts', async () => {
    const world = new World();
    const { room } = await world.seated();
    world.socket.says(world.events(2, 'a', null));
    world.socket.says(world.events(3, 'a', null, 'b'));
    assert.deepEqual(room.view.seen, ['a', 'b']);
    assert.equal(room.seq, 3);
  });

  it('a hole is never guessed over: it asks for a resync and waits for the snapshot', async () => {
    const world = new World();
    const { room } = await world.seated();
    world.socket.says(world.events(1, 'a'));
    world.socket.says(world.events(5, 'e'));
    world.socket.says(world.events(6, 'f'));
    assert.equal(world.socket.all('resync').length, 1);
    assert.equal(room.seq, 1);
    world.socket.says({ type: 'snapshot', room: ROOM, seq: 6, view: { seen: ['whole'] }, reason: 'resync' });
    assert.deepEqual([room.seq, room.view.seen], [6, ['whole']]);
  });

  it('a resync refused for now is asked again when the server says', async () => {
    const world = new World();
    const { room } = await world.seated();
    world.socket.says(world.events(5, 'e'));
    world.socket.says({ type: 'no', room: ROOM, code: 'rate_limited', message: '', retry: 90 });
    world.clock.advance(89);
    assert.equal(world.socket.all('resync').length, 1);
    world.clock.advance(1);
    assert.equal(world.socket.all('resync').length, 2);
    world.socket.says({ type: 'snapshot', room: ROOM, seq: 5, view: { seen: ['whole'] }, reason: 'resync' });
    assert.equal(room.seq, 5);
  });

  it('a fold that fails asks for a resync', async () => {
    const world = new World();
    const client = world.client({ folds: { log: () => { throw new Error('broken'); } } });
    client.connect();
    world.welcome();
    const asked = client.create({ game: 'log', name: 'Ana' });
    world.socket.says(world.joined({ id: world.socket.last('create').id }));
    await asked;
    world.socket.says(world.events(1, 'a'));
    assert.equal(world.socket.all('resync').length, 1);
  });

  it('the latest rev of a room wins, and counts anew on a new connection', async () => {
    const { world, room } = await cutAndBack();
    world.socket.says(world.joined({ resume: 'live', seq: 3, status: { rev: 1, state: 'playing', host: 0, seats: [] } }));
    world.socket.says({ type: 'room', room: ROOM, rev: 4, state: 'playing', host: 2, seats: [] });
    world.socket.says({ type: 'room', room: ROOM, rev: 3, state: 'playing', host: 1, seats: [] });
    assert.equal(room.status.host, 2);
    world.socket.cuts();
    world.clock.advance(1_000);
    world.welcome();
    world.socket.says(world.joined({ resume: 'live', seq: 3, status: { rev: 1, state: 'playing', host: 3, seats: [] } }));
    assert.equal(room.status.host, 3);
  });
});

describe('PROTOCOL §4: the newest connection of a seat wins', () => {
  it('the old one stops, says so, keeps the seat and can take it back', async () => {
    const world = new World();
    const { client, room } = await world.seated();
    const over = [];
    room.on('over', (code) => over.push(code));
    world.socket.says({ type: 'bye', code: 4502, action: 'stop', room: ROOM });
    world.socket.cuts(4502);
    world.clock.advance(120_000);
    assert.deepEqual(over, [4502]);
    assert.equal(client.connection.state, 'stopped');
    assert.equal(world.sockets.length, 1);
    const again = room.playHere();
    world.welcome();
    assert.equal(world.socket.last('hello').resume[0].secret, SECRET);
    world.socket.says(world.joined({ resume: 'live', seq: 0 }));
    assert.equal(again.awaitsJoined, false);
  });

  it('a close 4502 without bye means the same', async () => {
    const world = new World();
    const { room } = await world.seated();
    world.socket.cuts(4502);
    assert.equal(room.ended, 4502);
  });

  it('a bye that names one room leaves the connection and the others alone', async () => {
    const world = new World();
    const { client, room } = await world.seated();
    const asked = client.watch('ZZZZZZZZ');
    world.socket.says(world.joined({ room: 'ZZZZZZZZ', seat: null, secret: null, id: world.socket.last('watch').id }));
    const watched = await asked;
    world.socket.says({ type: 'bye', code: 4503, action: 'stop', room: ROOM });
    assert.equal(room.ended, 4503);
    assert.equal(watched.ended, null);
    assert.deepEqual(client.remembered(), []);
    assert.equal(client.connection.state, 'connected');
  });
});

describe('PROTOCOL §6: bye.action', () => {
  /** Seated in one room, watching another. */
  async function twoRooms() {
    const world = new World();
    const { client, room } = await world.seated();
    const asked = client.watch('ZZZZZZZZ');
    world.socket.says(world.joined({ room: 'ZZZZZZZZ', seat: null, secret: null, id: world.socket.last('watch').id }));
    return { world, client, room, watched: await asked };
  }

  for (const [code, action] of [[4005, 'resume'], [4002, 'elsewhere']]) {
    it(`${action} for one room: the room is kept and resumed, the others play on until then`, async () => {
      const { world, client, room, watched } = await twoRooms();
      world.socket.says({ type: 'bye', code, action, room: ROOM, after_ms: 400 });
      assert.equal(room.ended, null);
      assert.equal(client.connection.state, 'connected');
      assert.equal(watched.awaitsJoined, false);
      const asked = room.act({ kind: 'a' });
      assert.equal(world.socket.all('act').length, 0);
      world.clock.advance(400);
      world.welcome();
      assert.deepEqual(world.socket.last('hello').resume.map((entry) => entry.room), [ROOM, 'ZZZZZZZZ']);
      world.socket.says(world.joined({ resume: 'live', seq: 0 }));
      world.socket.says({ type: 'ok', room: ROOM, n: 1, seq: 0 });
      await asked;
    });

    it(`${action} for the last room: it comes back when the close has followed`, async () => {
      const world = new World();
      const { client, room } = await world.seated();
      world.socket.says({ type: 'bye', code, action, room: ROOM, after_ms: 400 });
      world.socket.cuts(code);
      assert.equal(client.connection.retryAt - world.clock.now(), 400);
      world.clock.advance(400);
      world.welcome();
      assert.equal(world.sockets.length, 2);
      assert.equal(world.socket.last('hello').resume[0].room, ROOM);
      assert.equal(room.ended, null);
    });
  }
});
