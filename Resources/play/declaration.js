import { declarations } from '/client/liap-tui.js';
import { button, el, redraw, set, write } from './element.js';
import { WHY_NOT } from './words.js';

/** The promise: 0 to 8, the forbidden values shown with their reason. Number keys work too. */
export function declarationPanel({ room, command }) {
  const buttons = el('div', { class: 'values', role: 'group', 'aria-label': 'Declare' });
  const hint = el('p', { class: 'hint', id: 'declare-hint' });
  let sending = false;
  const mine = () => room.view?.phase === 'declaration' && room.view.to_act.includes(room.seat);
  const declare = async (value) => {
    if (sending || !mine() || !room.view.legal?.declare.includes(value)) return;
    sending = true;
    await command(() => room.act({ kind: 'declare', value }));
    sending = false;
  };
  const node = el('div', { class: 'action' }, hint, buttons);
  return {
    node,
    key(event) { if (/^[0-8]$/.test(event.key)) declare(Number(event.key)); },
    update() {
      set(node, 'hidden', room.view.phase !== 'declaration');
      const allowed = mine() ? room.view.legal?.declare ?? [] : [];
      const values = declarations(room.view, room.seat)
        .map(({ value, why }) => ({ value, why: mine() ? why : null, off: !allowed.includes(value) }));
      redraw(buttons, values, () => values.map(({ value, why, off }) => button(String(value), 'value', `declare-${value}`, () => declare(value), {
        disabled: off, title: why && WHY_NOT[why](value), 'data-why': why, 'aria-label': `Declare ${value}`,
      })));
      const reasons = values.filter(({ why }) => why).map(({ value, why }) => WHY_NOT[why](value));
      const said = room.view.seats.reduce((total, seat) => total + (seat.declared ?? 0), 0);
      write(hint, mine() ? reasons.join(' ') || `How many of the eight piles? Said so far: ${said}.` : '');
    },
  };
}
