import { CODES } from '/client/codes.js';
import { POINTS } from '/client/liap-tui.js';

/** What the game's own refusals mean to a player. */
const GAME_REFUSALS = {
  'liap-tui/declare_total': 'The last declaration may not make the total exactly 8.',
  'liap-tui/declare_zero': 'After two zeros in a row you must declare at least 1.',
  'liap-tui/wrong_count': 'That is not the number of pieces this turn asks for.',
  'liap-tui/not_in_hand': 'You do not hold those pieces.',
  'liap-tui/invalid_lead': 'The leader must play a valid combination.',
  'liap-tui/already_voted': 'You have voted already.',
};

const NOTICES = {
  drain: 'The server restarts. The game goes on in a moment.',
  store_trouble: 'The server cannot save right now. Moves have to wait.',
  recovered: 'The server saves again.',
};

export const noticeText = ({ kind, text }) => NOTICES[kind] ?? (text || `Notice: ${kind}.`);

const ROOM_ENDS = { left: 'You left the room.', internal: 'The server cannot open this room at the moment. Your seat is kept: try again later.' };

export function refusalText({ code, message }) {
  return GAME_REFUSALS[code] ?? CODES[code]?.text ?? (message ? `Refused: ${message}` : `Refused (${code}).`);
}

export const endText = (code) => ROOM_ENDS[code] ?? CODES[code]?.text ?? `The room ended (${code}).`;

export const PHASES = { waiting: 'Waiting', preparation: 'Preparation', declaration: 'Declaration', turn: 'Turn', finished: 'Finished' };

const PLAYS = {
  SINGLE: 'Single', PAIR: 'Pair', THREE_OF_A_KIND: 'Three of a kind', STRAIGHT: 'Straight', FOUR_OF_A_KIND: 'Four of a kind',
  EXTENDED_STRAIGHT: 'Extended straight', FIVE_OF_A_KIND: 'Five of a kind', EXTENDED_STRAIGHT_5: 'Extended straight of five',
  DOUBLE_STRAIGHT: 'Double straight', DISCARD: 'Discard',
};
export const playName = (play) => PLAYS[play] ?? String(play);

export const WHY_NOT = {
  total: (value) => `Not ${value}: the total may not be exactly 8.`,
  zero: () => 'Not 0: you declared 0 twice in a row.',
};

export const colour = (kind) => (kind.endsWith('_RED') ? 'red' : 'black');

export function pieceName(kind) {
  const name = kind.slice(0, kind.lastIndexOf('_')).toLowerCase();
  return `${colour(kind) === 'red' ? 'Red' : 'Black'} ${name}, ${count(POINTS[kind], 'point')}`;
}

export const count = (n, noun) => `${n} ${noun}${n === 1 ? '' : 's'}`;
export const signed = (n) => (n > 0 ? `+${n}` : String(n));
export const list = (names) => (names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`);

/** Why a name cannot be used, or null. Source: docs/PROTOCOL.md, "Values". */
export function nameProblem(name) {
  const text = name.trim();
  if (text === '') return 'Please enter a name.';
  if ([...text].length > 50) return 'A name has at most 50 characters.';
  if (/[<>&"]/.test(text)) return 'A name cannot contain < > & or ".';
  if (/(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text)) return 'A name cannot contain invisible characters.';
  return null;
}
