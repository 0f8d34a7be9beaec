import { el, set, write } from './element.js';
import { count } from './words.js';

/** What is worth saying about who sits there: away · You · Host · Bot. @returns {string} maybe empty */
export function presence(seat, room) {
  const words = [];
  if (seat.kind === 'human' && !seat.connected) words.push(seat.grace_ms ? `away, bot in ${Math.ceil(seat.grace_ms / 1000)} s` : 'away');
  if (seat.seat === room.seat) words.push('You');
  if (seat.seat === room.status.host && seat.kind !== 'empty') words.push('Host');
  if (seat.kind === 'bot') words.push('Bot');
  return words.join(' · ');
}

/** One player at the table. `place` is me, left, top or right. */
export function seatCard({ seat, place, room, clocks }) {
  const name = el('strong', { class: 'seat-name' });
  const who = el('small', { class: 'who' });
  const score = el('b', { 'data-testid': `score-${seat}`, text: '0' });
  const promise = el('span', { class: 'promise' });
  const hand = el('span', { class: 'hand-count' });
  const waiting = () => (room.status?.waiting_on?.seats.includes(seat) ? room.status.waiting_on : null);
  const clock = clocks.show(el('span', { class: 'clock', 'data-testid': `clock-${seat}`, 'aria-hidden': 'true' }), waiting);
  const node = el('section', { class: 'seat', 'data-testid': `seat-${seat}`, 'data-place': place },
    el('div', { class: 'seat-line' }, el('span', { class: 'presence-dot', 'aria-hidden': 'true' }), name,
      el('span', { class: 'total' }, score, el('span', { class: 'unit', text: ' pts' }))),
    el('div', { class: 'seat-line' }, who, clock),
    el('div', { class: 'seat-line' }, promise, hand));
  return {
    node,
    update() {
      const { status, view } = room;
      const sitter = status.seats[seat];
      const state = view.seats[seat];
      const acting = view.to_act.includes(seat);
      write(name, sitter.name ?? `Seat ${seat + 1}`);
      set(name, 'title', sitter.name);
      write(who, presence(sitter, room) || '\u00a0');
      set(who, 'title', presence(sitter, room) || null);
      write(score, String(state.total));
      write(promise, state.declared === null ? '\u00a0' : `${state.captured} of ${state.declared}`);
      set(promise, 'title', state.declared === null ? null : `took ${state.captured}, declared ${state.declared}`);
      set(promise, 'aria-label', state.declared === null ? null : `took ${state.captured}, declared ${state.declared}`);
      set(promise, 'data-fit', state.declared === null ? null : ['under', 'met', 'over'][1 + Math.sign(state.captured - state.declared)]);
      write(hand, view.phase === 'finished' ? '' : `▮ ${state.hand_count}`);
      set(hand, 'title', count(state.hand_count, 'piece'));
      set(hand, 'aria-label', `${count(state.hand_count, 'piece')} in hand`);
      set(node, 'data-acting', acting);
      set(node, 'data-leader', view.leader === seat && view.phase === 'turn');
      set(node, 'data-presence', sitter.kind === 'human' ? (sitter.connected ? 'here' : 'away') : sitter.kind);
      set(node, 'aria-label', `${sitter.name ?? `Seat ${seat + 1}`}${acting ? ', to act' : ''}`);
    },
  };
}
