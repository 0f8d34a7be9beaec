import { el, set, write } from './element.js';

/** Asked of a player whose hand is weak. */
export function redealVote({ room, command }) {
  const hint = el('p', { class: 'hint' });
  let sending = false;
  const vote = async (accept) => {
    if (sending) return;
    sending = true;
    await command(() => room.act({ kind: 'vote_redeal', accept }));
    sending = false;
  };
  const row = el('div', { class: 'row end' },
    el('button', { type: 'button', class: 'quiet', 'data-testid': 'vote-decline', text: 'Keep hand', onclick: () => vote(false) }),
    el('button', { type: 'button', class: 'primary', 'data-testid': 'vote-accept', text: 'Deal again', onclick: () => vote(true) }));
  const node = el('div', { class: 'action' }, hint, row);
  return {
    node,
    update() {
      const { view, seat } = room;
      const asked = view.phase === 'preparation' && view.to_act.includes(seat);
      set(node, 'hidden', view.phase !== 'preparation');
      set(row, 'hidden', !asked);
      write(hint, asked ? `Nothing above nine points. A new deal makes this round count ×${view.multiplier + 1}.` : '');
    },
  };
}
