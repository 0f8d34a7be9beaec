import { POINTS } from '/client/liap-tui.js';
import { el } from './element.js';
import { glyph } from './glyph.js';
import { colour, pieceName } from './words.js';

const face = (kind) => [glyph(kind), el('span', { class: 'points', 'aria-hidden': 'true', text: String(POINTS[kind]) })];

/** A piece on the table: character and points, its full name for screen readers and on hover. */
export function tablePiece(kind) {
  const name = pieceName(kind);
  return el('span', { class: 'disc', 'data-colour': colour(kind), title: name, role: 'img', 'aria-label': name }, ...face(kind));
}

/** A piece lying face down. */
export const hiddenPiece = () => el('span', { class: 'disc down', 'aria-hidden': 'true' });

/** A piece of one's own hand, a toggle. */
export function handPiece(kind, index, onToggle) {
  return el('button', {
    type: 'button', class: 'hand-piece', 'data-testid': `piece-${index}`, 'data-kind': kind, 'aria-pressed': 'false',
    'aria-label': pieceName(kind), onclick: () => onToggle(index),
  },
  el('span', { class: 'disc', 'data-colour': colour(kind) }, ...face(kind)),
  el('span', { class: 'piece-name', 'aria-hidden': 'true', text: pieceName(kind).replace(/,.*/, '').split(' ').pop() }));
}
