import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { combination, declarations, fold, isWeak, POINTS } from '../../../Resources/client/liap-tui.js';

const vectors = JSON.parse(readFileSync(new URL('../../Vectors/liap-tui.json', import.meta.url))).vectors;
const ofKind = (kind) => vectors.filter((vector) => vector.kind === kind);

const HAND = ['GENERAL_RED', 'ADVISOR_RED', 'ELEPHANT_RED', 'CANNON_BLACK', 'CANNON_BLACK', 'SOLDIER_BLACK', 'SOLDIER_BLACK', 'SOLDIER_BLACK'];
const dealt = (fields) => ({ kind: 'dealt', round: 1, multiplier: 1, weak: [], ...fields });
const started = (starter, fields) => ({ kind: 'round_started', round: 1, starter, reason: 'has_general_red', order: [0, 1, 2, 3].map((i) => (starter + i) % 4), ...fields });
const declared = (seat, value) => ({ kind: 'declared', seat, value });
const after = (seat, ...events) => events.reduce((view, event) => fold(view, event, seat), null);
const toTurn = (seat = 0) => [dealt(seat === null ? {} : { hand: HAND }), started(0), declared(0, 2), declared(1, 1), declared(2, 0), declared(3, 3)];

describe('PROTOCOL §7: the fold of Liap Tui', () => {
  it('starts from nothing: the first deal makes the view', () => {
    const view = after(0, dealt({ hand: HAND, weak: [2] }));
    assert.deepEqual([view.phase, view.round, view.to_act, view.hand.length], ['preparation', 1, [2], 8]);
    assert.deepEqual(view.seats[3], { seat: 3, hand_count: 8, declared: null, captured: 0, total: 0, zero_streak: 0 });
    assert.deepEqual(view.legal, { declare: [] });
  });

  it('changes no view it is given and ignores a kind it does not know', () => {
    const view = Object.freeze(after(0, ...toTurn()));
    const copy = structuredClone(view);
    fold(view, { kind: 'played', seat: 0, count: 1, play: 'SINGLE', pieces: ['GENERAL_RED'] }, 0);
    assert.deepEqual(view, copy);
    assert.deepEqual(fold(view, { kind: 'from_the_future' }, 0), copy);
    assert.deepEqual(fold(view, { kind: 'constructor' }, 0), copy);
  });

  it('a redeal keeps the accepted starter and the multiplier, and asks the weak again', () => {
    const view = after(0, dealt({ hand: HAND, weak: [1, 2] }), { kind: 'redeal_voted', seat: 1, accept: false });
    assert.deepEqual(view.to_act, [2]);
    const redealt = [{ kind: 'redeal_voted', seat: 2, accept: true }, { kind: 'redealt', starter: 2, multiplier: 2 }, dealt({ multiplier: 2, hand: HAND, weak: [0] })]
      .reduce((so_far, event) => fold(so_far, event, 0), view);
    assert.deepEqual([redealt.starter, redealt.multiplier, redealt.to_act], [2, 2, [0]]);
  });

  it('declarations go round from the starter and end in the first turn', () => {
    let view = after(0, dealt({ hand: HAND }), started(2));
    for (const seat of [2, 3, 0, 1]) {
      assert.deepEqual([view.phase, view.to_act], ['declaration', [seat]]);
      assert.equal(view.legal.declare.length > 0, seat === 0);
      view = fold(view, declared(seat, 1), 0);
    }
    assert.deepEqual([view.phase, view.leader, view.to_act, view.required], ['turn', 2, [2], null]);
  });

  it('a turn: the leader sets the count, the viewer loses their pieces, others stay hidden', () => {
    let view = after(0, ...toTurn());
    assert.deepEqual(view.legal, { declare: [] });
    view = fold(view, { kind: 'played', seat: 0, count: 2, play: 'PAIR', pieces: ['CANNON_BLACK', 'CANNON_BLACK'] }, 0);
    assert.deepEqual([view.required, view.to_act, view.hand], [2, [1], ['GENERAL_RED', 'ADVISOR_RED', 'ELEPHANT_RED', 'SOLDIER_BLACK', 'SOLDIER_BLACK', 'SOLDIER_BLACK']]);
    view = fold(view, { kind: 'played', seat: 1, count: 2, play: 'DISCARD' }, 0);
    assert.deepEqual(view.plays[1], { seat: 1, count: 2, play: 'DISCARD' });
    assert.deepEqual([view.seats[0].hand_count, view.seats[1].hand_count, view.seats[2].hand_count], [6, 6, 8]);
    assert.deepEqual(fold(view, { kind: 'played', seat: 2, count: 2, play: 'DISCARD' }, 3).legal, { declare: [], must_play: 2 });
  });

  it('a follower loses one copy only, and a watcher has no hand', () => {
    const discard = { kind: 'played', seat: 0, count: 1, play: 'DISCARD', pieces: ['SOLDIER_BLACK'] };
    assert.equal(after(0, ...toTurn(), discard).hand.filter((kind) => kind === 'SOLDIER_BLACK').length, 2);
    assert.deepEqual(after(null, ...toTurn(null), { ...discard, pieces: undefined }).hand, []);
  });

  it('the winner leads; without a winner the lead stays', () => {
    const plays = [0, 1, 2, 3].map((seat) => ({ kind: 'played', seat, count: 1, play: seat === 0 ? 'SINGLE' : 'DISCARD', pieces: seat === 0 ? ['GENERAL_RED'] : undefined }));
    const done = after(0, ...toTurn(), ...plays);
    assert.deepEqual(done.to_act, []);
    const won = fold(done, { kind: 'turn_ended', winner: 3, piles: 1, captured: [0, 0, 0, 1] }, 0);
    assert.deepEqual([won.leader, won.to_act, won.plays, won.required, won.seats[3].captured], [3, [3], [], null, 1]);
    const none = fold(done, { kind: 'turn_ended', winner: null, piles: 0, captured: [0, 0, 0, 0] }, 0);
    assert.deepEqual([none.leader, none.to_act], [0, [0]]);
  });

  it('after the last turn nobody acts; totals and zero streaks outlive the round', () => {
    let view = after(0, ...toTurn(), { kind: 'played', seat: 0, count: 8, play: 'SINGLE', pieces: HAND });
    for (const seat of [1, 2, 3]) view = fold(view, { kind: 'played', seat, count: 8, play: 'DISCARD' }, 0);
    view = fold(view, { kind: 'turn_ended', winner: 0, piles: 8, captured: [8, 0, 0, 0] }, 0);
    assert.deepEqual(view.to_act, []);
    const scores = [0, 1, 2, 3].map((seat) => ({ seat, declared: 0, captured: 0, base: 0, multiplier: 1, gained: 3, total: seat * 10 }));
    view = [{ kind: 'round_ended', scores }, dealt({ round: 2, hand: HAND }), started(3, { round: 2 }), declared(3, 0)].reduce((so_far, event) => fold(so_far, event, 0), view);
    assert.deepEqual(view.seats.map(({ total, declared: said, captured, zero_streak }) => [total, said, captured, zero_streak]),
      [[0, null, 0, 0], [10, null, 0, 0], [20, null, 0, 1], [30, 0, 0, 1]]);
  });

  it('the end keeps ranking and winners', () => {
    const ranking = [{ seat: 1, total: 55, rank: 1 }, { seat: 2, total: 55, rank: 1 }, { seat: 0, total: 10, rank: 3 }, { seat: 3, total: -3, rank: 4 }];
    const view = after(0, ...toTurn(), { kind: 'game_ended', ranking, winners: [1, 2], reason: 'score_limit' });
    assert.deepEqual([view.phase, view.ranking, view.winners, view.to_act], ['finished', ranking, [1, 2], []]);
  });
});

describe('PROTOCOL §7: what a seat may do', () => {
  const names = { Ana: 0, Ben: 1, Cho: 2, Dee: 3 };
  const seats = (values) => [0, 1, 2, 3].map((seat) => ({ seat, declared: values[seat] ?? null, zero_streak: 0 }));

  for (const vector of ofKind('declare_options')) {
    it(`${vector.id}: legal declarations after ${JSON.stringify(vector.prior)} with ${vector.zero_streak} zeros`, () => {
      const view = { seats: seats(vector.prior) };
      const seat = vector.prior.length;
      view.seats[seat].zero_streak = vector.zero_streak;
      assert.deepEqual(declarations(view, seat).filter(({ why }) => why === null).map(({ value }) => value), vector.options);
    });
  }

  it('every piece has the points of the rules', () => {
    assert.equal(Object.keys(POINTS).length, 14);
    assert.deepEqual([POINTS.GENERAL_RED, POINTS.ELEPHANT_BLACK, POINTS.SOLDIER_BLACK], [14, 9, 1]);
  });

  it('a weak hand is one of the vectors', () => {
    for (const { hand, weak } of ofKind('weak_hand')) assert.equal(isWeak(hand), weak);
  });

  for (const vector of ofKind('valid_play')) {
    it(`${vector.id}: ${vector.pieces.join(' ')}`, () => {
      assert.equal(combination(vector.pieces), vector.type === 'INVALID' ? null : vector.type);
    });
  }

  it('whole rounds of the vectors fold to their piles', () => {
    for (const vector of ofKind('round')) {
      const order = [0, 1, 2, 3].map((i) => (names[vector.starter] + i) % 4);
      let view = after(0, dealt({ hand: vector.hands.Ana }), started(order[0]));
      for (const { player, value } of vector.declarations) view = fold(view, declared(names[player], value), 0);
      for (const turn of vector.turns) {
        assert.deepEqual(view.to_act, [names[turn.leader]]);
        for (const { player, pieces } of turn.plays) {
          const play = combination(pieces) === turn.type ? turn.type : 'DISCARD';
          view = fold(view, { kind: 'played', seat: names[player], count: pieces.length, play, ...((play !== 'DISCARD' || player === 'Ana') && { pieces }) }, 0);
        }
        const captured = Object.keys(names).map((name) => turn.piles_after[name]);
        view = fold(view, { kind: 'turn_ended', winner: turn.winner === null ? null : names[turn.winner], piles: turn.required, captured }, 0);
      }
      assert.deepEqual([view.hand, view.to_act, view.seats.map(({ hand_count }) => hand_count)], [[], [], [0, 0, 0, 0]]);
    }
  });
});
