import { combination, sum } from '/client/liap-tui.js';
import { el, redraw, set, write } from './element.js';
import { handPiece } from './piece.js';
import { count, playName } from './words.js';

/** One's own pieces, a choice among them, and the button that plays it. */
export function handPanel({ room, command }) {
  const pieces = el('div', { class: 'hand', role: 'group', 'aria-label': 'Your pieces' });
  const hint = el('p', { class: 'hint' });
  const play = el('button', { type: 'button', class: 'primary', 'data-testid': 'play-pieces', text: 'Play', onclick: () => send() });
  const chosen = new Set();
  let sending = false;

  const selection = () => [...chosen].sort((a, b) => a - b).map((index) => room.view.hand[index]);
  const toggle = (index) => { if (!chosen.delete(index)) chosen.add(index); update(); };
  const send = async () => {
    sending = true;
    update();
    await command(() => room.act({ kind: 'play', pieces: selection() }));
    sending = false;
    update();
  };

  /** What the choice is worth: whether it may be played, and what to say about it. */
  const judge = () => {
    const { view, seat } = room;
    const mine = view.phase === 'turn' && view.to_act.includes(seat);
    const some = selection();
    const form = combination(some);
    const leading = view.plays.length === 0;
    const words = some.length === 0 ? '' : form ? `${playName(form)}, ${count(sum(some), 'point')}` : 'No combination';
    if (!mine) return { ready: false, text: words };
    if (leading) {
      if (some.length === 0) return { ready: false, text: 'Choose one to six pieces that form a combination.' };
      return form ? { ready: true, text: words } : { ready: false, text: `${words}: a leader must play one.` };
    }
    const lead = view.plays[0];
    if (some.length !== view.required) {
      return { ready: false, text: `Choose ${count(view.required, 'piece')}${some.length ? `, ${some.length} chosen` : ''}.` };
    }
    return { ready: true, text: form === lead.play ? words : `${words}: a discard, it cannot win.` };
  };

  function update() {
    const { view } = room;
    redraw(pieces, view.hand, () => { chosen.clear(); return view.hand.map((kind, index) => handPiece(kind, index, toggle)); });
    pieces.childNodes.forEach((piece, index) => set(piece, 'aria-pressed', chosen.has(index) ? 'true' : 'false'));
    const { ready, text } = judge();
    play.disabled = !ready || sending;
    write(play, chosen.size ? `Play ${chosen.size}` : 'Play');
    write(hint, text);
    set(actions, 'hidden', view.phase !== 'turn');
  }
  const actions = el('div', { class: 'action' }, hint, play);
  return { pieces, actions, update };
}
