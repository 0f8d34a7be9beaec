import { declarationPanel } from './declaration.js';
import { el, redraw, set, write } from './element.js';
import { feed } from './feed.js';
import { handPanel } from './hand.js';
import { redealVote } from './redeal-vote.js';
import { finalRanking, history, roundTable } from './scores.js';
import { seatCard } from './seat-card.js';
import { turnArea } from './turn-area.js';
import { count, list } from './words.js';

const PLACES = ['me', 'left', 'top', 'right'];

/** The game: four seats around, the middle, one's own hand, scores and talk at the side. */
export function table({ room, ledger, clocks, command, refuse, announce, home }) {
  const base = room.seat ?? 0;
  const places = [0, 1, 2, 3].map((seat) => PLACES[(seat - base + 4) % 4]);
  const nameOf = (seat) => room.status?.seats[seat]?.name ?? `Seat ${seat + 1}`;
  const short = (seat) => (seat === room.seat ? 'You' : nameOf(seat));

  const cards = places.map((place, seat) => seatCard({ seat, place, room, clocks }));
  const turn = turnArea({ room, ledger, places, nameOf: short });
  const result = el('div', { class: 'result', 'data-testid': 'round-result' });
  const ranking = el('div', { class: 'result' });
  const message = el('p', { class: 'message' });
  const status = el('p', { class: 'status', 'data-testid': 'turn-status' });
  const left = clocks.show(el('span', { class: 'clock big', 'data-testid': 'time-left' }), () => room.status?.waiting_on);
  const mine = room.seat === null ? null : {
    hand: handPanel({ room, command }), declaration: declarationPanel({ room, command }), vote: redealVote({ room, command }),
  };
  const talk = feed({ room, ledger, refuse });
  const past = el('div', { class: 'past' });
  let wasMine = false;

  let byKeyboard = false;
  const onPointer = () => { byKeyboard = false; };
  const onKey = (event) => {
    byKeyboard = true;
    if (event.target.closest('input, select, textarea, dialog') || event.ctrlKey || event.metaKey || event.altKey) return;
    mine?.declaration.key(event);
  };
  document.addEventListener('keydown', onKey);
  document.addEventListener('pointerdown', onPointer);

  const says = () => {
    const { view, seat } = room;
    if (view.phase === 'finished') {
      const [first, ...rest] = view.winners;
      return `${list(view.winners.map(short))} ${rest.length || first === seat ? 'win' : 'wins'} the game.`;
    }
    const others = list(view.to_act.map(short));
    const me = seat !== null && view.to_act.includes(seat);
    if (view.phase === 'preparation') {
      if (me) return 'A weak hand: deal again?';
      return view.to_act.length ? `${others}: deal again?` : 'Counting the round…';
    }
    if (view.phase === 'declaration') return me ? 'Your turn to declare.' : `${others} declares.`;
    if (view.to_act.length === 0) return 'The turn is over.';
    if (!me) return `${others} plays${view.required === null ? ' first' : ''}.`;
    return view.required === null ? 'Your turn: you lead.' : `Your turn: play ${count(view.required, 'piece')}.`;
  };

  const node = el('div', { class: 'game' },
    el('h1', { class: 'unseen', text: `Liap Tui, room ${room.id}` }),
    el('div', { class: 'board' },
      ...cards.filter((_, seat) => places[seat] !== 'me').map((card) => card.node),
      el('div', { class: 'centre' }, turn.node, ranking, result, message)),
    el('section', { class: 'own', 'aria-label': room.seat === null ? 'First seat' : 'Your side' },
      cards[places.indexOf('me')].node,
      el('div', { class: 'say' }, status, left),
      ...(mine ? [mine.hand.pieces, el('div', { class: 'actions' }, mine.hand.actions, mine.declaration.node, mine.vote.node)]
        : [el('p', { class: 'watching', 'data-testid': 'watching', text: 'You are watching. Hands stay hidden.' })])),
    el('aside', { class: 'side' },
      el('details', { open: true, class: 'card' }, el('summary', { text: 'Rounds' }), past), el('div', { class: 'card talk' }, talk.node)));

  /** Takes a keyboard player, whose last button is gone, to the next choice. */
  const lead = () => {
    if (byKeyboard && document.activeElement === document.body) node.querySelector('.value:enabled, [data-testid=vote-accept], .hand-piece')?.focus();
  };

  const update = () => {
    const { view } = room;
    if (!view || !room.status) return;
    for (const card of cards) card.update();
    set(node, 'data-phase', view.phase);
    const scores = ledger.rounds.at(-1);
    const showResult = view.phase !== 'turn' && scores !== undefined;
    set(turn.node, 'hidden', view.phase !== 'turn');
    set(result, 'hidden', !showResult);
    set(ranking, 'hidden', view.phase !== 'finished');
    set(message, 'hidden', view.phase === 'turn' || showResult || view.phase === 'finished');
    if (view.phase === 'turn') turn.update();
    const played = view.phase === 'finished' || view.seats.every((seat) => seat.hand_count === 0) ? view.round : view.round - 1;
    if (showResult) {
      redraw(result, [scores, played, [0, 1, 2, 3].map(short), view.phase], () => [
        view.phase === 'finished' ? el('details', {}, el('summary', { text: `Round ${played}` }), roundTable(scores, '', short))
          : roundTable(scores, `Round ${played}`, short)]);
    }
    if (view.phase === 'finished') {
      redraw(ranking, [view.ranking, [0, 1, 2, 3].map(short)], () => [
        el('h2', { text: says() }), finalRanking(view.ranking, view.winners, short),
        el('button', { type: 'button', class: 'primary', 'data-testid': 'to-lobby', text: 'To the lobby', onclick: home })]);
    }
    write(message, view.phase === 'declaration' ? 'Each player says how many of the eight piles they will take.' : 'The pieces are dealt.');
    write(status, says());
    set(status, 'data-mine', room.seat !== null && view.to_act.includes(room.seat));
    redraw(past, [ledger.rounds, played, [0, 1, 2, 3].map(short)], () => (ledger.rounds.length
      ? [history(ledger.rounds, played, short)] : [el('p', { class: 'empty', text: 'No round is finished yet.' })]));
    if (mine) { mine.hand.update(); mine.declaration.update(); mine.vote.update(); }
    talk.update();
    const isMine = room.seat !== null && view.to_act.includes(room.seat);
    if (isMine && !wasMine) { announce(says()); lead(); }
    wasMine = isMine;
  };
  return { node, update, leave() {
    document.removeEventListener('keydown', onKey);
    document.removeEventListener('pointerdown', onPointer);
  } };
}
