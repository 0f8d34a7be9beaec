import { el, redraw, unseen } from './element.js';
import { hiddenPiece, tablePiece } from './piece.js';
import { count, playName } from './words.js';

/** The middle of the table while pieces are played: what lies before each seat, in the running or the last turn. */
export function turnArea({ room, ledger, places, nameOf }) {
  const slots = places.map((place, seat) => el('div', { class: 'slot', 'data-place': place, 'data-slot': seat }));
  const middle = el('p', { class: 'middle' });
  const size = (length) => (length > 4 ? 'many' : null);
  const freePlace = () => el('span', { class: 'disc free', 'aria-hidden': 'true' });
  const faceDown = (length) => [...Array.from({ length }, hiddenPiece), unseen(`${count(length, 'piece')} face down`)];
  const lay = (play, seat, winner, expected) => (play === undefined
    ? [el('span', { class: 'lay', 'data-size': size(expected) }, ...Array.from({ length: expected }, freePlace))]
    : [el('span', { class: 'slot-name', text: `${nameOf(seat)} · ${winner ? 'takes it' : playName(play.play)}` }),
      el('span', { class: 'lay', 'data-size': size(play.count) },
        ...(play.pieces ? play.pieces.map(tablePiece) : faceDown(play.count)))]);
  return {
    node: el('div', { class: 'plays' }, ...slots, middle),
    update() {
      const { view } = room;
      const last = view.plays.length === 0 ? ledger.lastTurn : null;
      const plays = last?.plays ?? view.plays;
      slots.forEach((slot, seat) => {
        const play = plays.find((one) => one.seat === seat);
        slot.toggleAttribute('data-past', last !== null);
        slot.toggleAttribute('data-winner', last?.winner === seat);
        const expected = play ? 0 : view.required ?? 0;
        redraw(slot, [play ?? null, last?.winner === seat, nameOf(seat), expected], () => lay(play, seat, last?.winner === seat, expected));
      });
      const lead = view.plays[0];
      const lines = lead ? [playName(lead.play), count(view.required, 'piece')]
        : last ? [last.winner === null ? 'No winner' : `${nameOf(last.winner)} +${last.piles}`, '']
          : [view.leader === room.seat ? 'You lead' : `${nameOf(view.leader)} leads`, ''];
      redraw(middle, lines, () => [el('strong', { text: lines[0] }), el('small', { text: lines[1] })]);
    },
  };
}
