import { el } from './element.js';
import { signed } from './words.js';

const cell = (text, scope) => el(scope ? 'th' : 'td', { scope }, text);
const row = (texts, head) => el('tr', {}, ...texts.map((text, i) => cell(text, head ? 'col' : i === 0 ? 'row' : null)));

/** One round's scores as a table. @param {object[]} scores of `round_ended` @param {string} title of the first column */
export function roundTable(scores, title, nameOf) {
  return el('table', { class: 'scores' },
    el('thead', {}, row([title, 'Said', 'Took', 'Gained', 'Total'], true)),
    el('tbody', {}, ...scores.map((one) => row([
      nameOf(one.seat), String(one.declared), String(one.captured),
      `${signed(one.gained)}${one.multiplier > 1 ? ` (×${one.multiplier})` : ''}`, String(one.total),
    ]))));
}

/** Totals after every round, newest first. @param {object[][]} rounds @param {number} played rounds played in all */
export function history(rounds, played, nameOf) {
  return el('table', { class: 'scores history' },
    el('thead', {}, row(['', ...[0, 1, 2, 3].map(nameOf)], true)),
    el('tbody', {}, ...rounds.map((scores, i) => row([
      `R${played - rounds.length + i + 1}`,
      ...[...scores].sort((a, b) => a.seat - b.seat).map(({ total, gained }) => `${total} (${signed(gained)})`),
    ])).reverse()));
}

/** Who won. @param {{seat: number, total: number, rank: number}[]} ranking */
export function finalRanking(ranking, winners, nameOf) {
  const line = ({ seat, total, rank }) => el('li', { 'data-winner': winners.includes(seat) },
    el('span', { class: 'rank', text: `${rank}.` }), el('strong', { class: 'grow', text: nameOf(seat) }),
    winners.includes(seat) ? el('small', { text: 'Winner' }) : null, el('b', { text: `${total} pts` }));
  return el('ol', { class: 'ranking', 'data-testid': 'final-ranking' }, ...ranking.map(line));
}
