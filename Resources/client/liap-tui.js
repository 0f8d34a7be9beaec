// Liap Tui as a client sees it: the fold of its events, and what a seat may do. Pure. Source: docs/PROTOCOL.md, "Liap Tui".

const SEATS = 4;
const HAND = 8;
const HIGHEST_WEAK = 9;

/** Points by kind, `SOLDIER_RED` … */
export const POINTS = Object.freeze(Object.fromEntries(
  ['SOLDIER', 'CANNON', 'HORSE', 'CHARIOT', 'ELEPHANT', 'ADVISOR', 'GENERAL']
    .flatMap((name, i) => [[`${name}_BLACK`, 2 * i + 1], [`${name}_RED`, 2 * i + 2]]),
));

export const sum = (pieces) => pieces.reduce((total, kind) => total + POINTS[kind], 0);
export const isWeak = (hand) => hand.every((kind) => POINTS[kind] <= HIGHEST_WEAK);

const GROUPS = [['GENERAL', 'ADVISOR', 'ELEPHANT'], ['CHARIOT', 'HORSE', 'CANNON']];
const SAME = { 1: 'SINGLE', 2: 'PAIR', 3: 'THREE_OF_A_KIND', 4: 'FOUR_OF_A_KIND', 5: 'FIVE_OF_A_KIND' };
const RUNS = { '1,1,1': 'STRAIGHT', '1,1,2': 'EXTENDED_STRAIGHT', '1,2,2': 'EXTENDED_STRAIGHT_5', '2,2,2': 'DOUBLE_STRAIGHT' };

/** The combination that pieces form, or null. @param {string[]} pieces */
export function combination(pieces) {
  const names = pieces.map((kind) => kind.slice(0, kind.lastIndexOf('_')));
  const colours = new Set(pieces.map((kind) => kind.slice(kind.lastIndexOf('_') + 1)));
  if (pieces.length === 0 || colours.size > 1) return null;
  if (new Set(names).size === 1) return pieces.length < 3 || names[0] === 'SOLDIER' ? SAME[pieces.length] ?? null : null;
  const group = GROUPS.find((members) => names.every((name) => members.includes(name)));
  if (!group) return null;
  const counts = group.map((member) => names.filter((name) => name === member).length);
  return RUNS[counts.sort().join()] ?? null;
}

/**
 * Every value 0–8 for the seat whose turn it is to declare; `why` is null for an allowed one.
 * @returns {{value: number, why: null|'total'|'zero'}[]}
 */
export function declarations(view, seat) {
  const before = view.seats.filter((other) => other.seat !== seat && other.declared !== null);
  const total = before.reduce((so_far, other) => so_far + other.declared, 0);
  const last = before.length === SEATS - 1;
  const streak = view.seats[seat].zero_streak;
  return Array.from({ length: HAND + 1 }, (_, value) => {
    if (value === 0 && streak >= 2) return { value, why: 'zero' };
    if (last && total + value === HAND) return { value, why: 'total' };
    return { value, why: null };
  });
}

/** The view just before the first deal; `view` of the server is null until then. */
function beforeTheDeal() {
  return {
    phase: 'preparation', round: 0, multiplier: 1, starter: null, leader: null, required: null, to_act: [],
    seats: Array.from({ length: SEATS }, (_, seat) => ({ seat, hand_count: 0, declared: null, captured: 0, total: 0, zero_streak: 0 })),
    plays: [],
  };
}

const rotation = (from) => Array.from({ length: SEATS }, (_, i) => (from + i) % SEATS);

const apply = {
  dealt(view, { round, multiplier, hand, weak }) {
    Object.assign(view, { phase: 'preparation', round, multiplier, leader: null, required: null, plays: [], to_act: [...weak] });
    if (hand) view.hand = hand;
    for (const seat of view.seats) Object.assign(seat, { hand_count: HAND, declared: null, captured: 0 });
  },
  redeal_voted(view, { seat }) { view.to_act = view.to_act.filter((other) => other !== seat); },
  redealt(view, { starter, multiplier }) { Object.assign(view, { starter, multiplier, to_act: [] }); },
  round_started(view, { round, starter }) {
    Object.assign(view, { phase: 'declaration', round, starter, to_act: [starter] });
  },
  declared(view, { seat, value }) {
    const mine = view.seats[seat];
    Object.assign(mine, { declared: value, zero_streak: value === 0 ? mine.zero_streak + 1 : 0 });
    const next = rotation(view.starter).find((other) => view.seats[other].declared === null);
    if (next !== undefined) view.to_act = [next];
    else Object.assign(view, { phase: 'turn', leader: view.starter, to_act: [view.starter] });
  },
  played(view, { seat, count, play, pieces }, viewer) {
    view.plays.push({ seat, count, play, ...(pieces && { pieces }) });
    view.seats[seat].hand_count -= count;
    view.required ??= count;
    if (seat === viewer) for (const kind of pieces) view.hand.splice(view.hand.indexOf(kind), 1);
    const next = rotation(view.leader).find((other) => view.plays.every((done) => done.seat !== other));
    view.to_act = next === undefined ? [] : [next];
  },
  turn_ended(view, { winner, captured }) {
    captured.forEach((piles, seat) => { view.seats[seat].captured = piles; });
    const leader = winner ?? view.leader;
    Object.assign(view, { leader, required: null, plays: [], to_act: view.seats[leader].hand_count > 0 ? [leader] : [] });
  },
  round_ended(view, { scores }) {
    for (const { seat, total } of scores) view.seats[seat].total = total;
    Object.assign(view, { phase: 'preparation', starter: view.leader, leader: null, to_act: [] });
  },
  game_ended(view, { ranking, winners }) { Object.assign(view, { phase: 'finished', ranking, winners, to_act: [] }); },
};

/** What the viewer may do now; undefined for who may not act. */
function legal(view, seat) {
  if (!view.to_act.includes(seat)) return undefined;
  if (view.phase === 'declaration') {
    return { declare: declarations(view, seat).filter(({ why }) => why === null).map(({ value }) => value) };
  }
  return { declare: [], ...(view.phase === 'turn' && view.required !== null && { must_play: view.required }) };
}

/**
 * The view after an event. An unknown kind changes nothing.
 * @param {object|null} view null before the first deal
 * @param {{kind: string}} event as this viewer may see it
 * @param {number|null} seat of the viewer; null watches
 * @returns {object} a new view
 */
export function fold(view, event, seat) {
  const next = view === null ? beforeTheDeal() : structuredClone(view);
  if (Object.hasOwn(apply, event.kind)) apply[event.kind](next, event, seat);
  const may = legal(next, seat);
  if (may) next.legal = may; else delete next.legal;
  return next;
}
