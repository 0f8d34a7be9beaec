import { playName, count, list } from './words.js';

const MAX_ROUNDS = 100;       // the protocol's own limit of a game; older rounds fall out
const MAX_LINES = 80;         // of talk and happenings; older ones fall out

/**
 * What the view does not hold: scores of past rounds, the last finished turn, and the running commentary with the chat.
 * Kept in `storage` by room, so that it survives a refresh; what happened behind a snapshot is missing, never guessed.
 */
export class Ledger {
  constructor(storage, room) {
    this.storage = storage;
    this.key = `liap-tui:ledger:${room}`;
    Object.assign(this, { rounds: [], plays: [], lastTurn: null, lines: [], seq: 0 });
    try { Object.assign(this, JSON.parse(storage?.getItem(this.key) ?? '{}')); } catch { /* not ours: as if absent */ }
  }

  /** @returns {string|null} what to announce */
  record({ event, seq, view }, name) {
    if (seq <= this.seq) return null;
    this.seq = seq;
    const text = this.#tell(event, view, name);
    if (text) this.#add({ text });
    this.#save();
    return ['turn_ended', 'round_ended', 'game_ended', 'redealt', 'round_started'].includes(event.kind) ? text : null;
  }

  chat(message) { this.#add({ who: message.name, seat: message.seat, text: message.text }); this.#save(); }

  #tell(event, view, name) {
    switch (event.kind) {
      case 'dealt':
        Object.assign(this, { plays: [], lastTurn: null });
        return event.weak.length ? `Weak hands: ${list(event.weak.map(name))} may ask for a redeal.` : null;
      case 'redeal_voted': return `${name(event.seat)} ${event.accept ? 'asks for a redeal' : 'keeps the hand'}.`;
      case 'redealt': return `New deal. ${name(event.starter)} starts, points count ×${event.multiplier}.`;
      case 'round_started': return `Round ${event.round}: ${name(event.starter)} starts.`;
      case 'declared': return `${name(event.seat)} declares ${event.value}.`;
      case 'played':
        this.plays = view.plays;
        return `${name(event.seat)}: ${event.play === 'DISCARD' ? `discards ${event.count}` : playName(event.play)}.`;
      case 'turn_ended':
        this.lastTurn = { plays: this.plays, winner: event.winner, piles: event.piles };
        this.plays = [];
        return event.winner === null ? 'Nobody wins the turn.' : `${name(event.winner)} wins ${count(event.piles, 'pile')}.`;
      case 'round_ended':
        this.rounds = [...this.rounds, event.scores].slice(-MAX_ROUNDS);
        return `Round over. ${event.scores.map(({ seat, gained }) => `${name(seat)} ${gained}`).join(', ')}.`;
      case 'game_ended': return `Game over. ${list(event.winners.map(name))} ${event.winners.length > 1 ? 'win' : 'wins'}.`;
      default: return null;
    }
  }

  #add(line) { this.lines = [...this.lines, line].slice(-MAX_LINES); }

  #save() {
    const { rounds, plays, lastTurn, lines, seq } = this;
    try { this.storage?.setItem(this.key, JSON.stringify({ rounds, plays, lastTurn, lines, seq })); } catch { this.storage = null; }
  }
}
