import { roomIdFrom } from '/client/gameserver.js';
import { button, el, redraw, write } from './element.js';
import { nameField } from './name-field.js';
import { count } from './words.js';

const POLL_MS = 4_000;
const PACES = {
  calm: { bot_delay_ms: [500, 1500], reveal_ms: 1500 },
  quick: { bot_delay_ms: [100, 300], reveal_ms: 0 },
};

/** The first screen: a name, a new room, open rooms, seats to return to. */
export function lobby({ client, enter, invite, refuse }) {
  const name = nameField();
  const field = (label, input, hint) => el('label', { class: 'field' },
    el('span', { text: label }), input, hint ? el('small', { text: hint }) : null);
  const number = (id, value, max) => el('input', {
    type: 'number', min: 1, max, value, required: true, inputmode: 'numeric', 'data-testid': id,
  });
  const score = number('score-limit', 50, 1000);
  const rounds = number('round-limit', 20, 100);
  const pace = el('select', { 'data-testid': 'pace' },
    el('option', { value: 'calm', text: 'Calm' }), el('option', { value: 'quick', text: 'Quick' }));
  const hidden = el('input', { type: 'checkbox', 'data-testid': 'private-room' });
  const createButton = el('button', { class: 'primary', 'data-testid': 'create-room', text: 'Create a room' });

  const create = async (event) => {
    event.preventDefault();
    const player = name.value();
    if (player === null) return;
    createButton.disabled = true;
    try {
      enter(await client.create({
        game: 'liap-tui', name: player, visibility: hidden.checked ? 'private' : 'public',
        options: { score_limit: score.valueAsNumber, round_limit: rounds.valueAsNumber, ...PACES[pace.value] },
      }));
    } catch (refusal) { refuse(refusal); } finally { createButton.disabled = false; }
  };

  const code = el('input', {
    'data-testid': 'code-input', autocomplete: 'off', autocapitalize: 'characters', spellcheck: 'false',
    placeholder: 'Code or link', 'aria-label': 'Room code or link',
  });
  const go = (event) => { event.preventDefault(); const id = roomIdFrom(code.value); if (id) invite(id); };

  const rooms = el('ul', { class: 'rooms', 'data-testid': 'lobby-list', 'aria-live': 'polite' });
  const mine = el('section', { class: 'card', hidden: true });
  const join = async (id, seated) => {
    const player = seated ? name.value() : null;
    if (seated && player === null) return;
    try { enter(await (seated ? client.join({ room: id, name: player }) : client.watch(id))); } catch (refusal) { refuse(refusal); }
  };

  const draw = (found) => redraw(rooms, found, () => found.map((room) => {
    const waiting = room.state === 'waiting';
    const how = waiting ? 'Join' : 'Watch';
    return el('li', { 'data-room': room.room },
      el('span', { class: 'grow' }, el('strong', { text: room.host ?? '—' }), el('small', { text:
        `${waiting ? 'Waiting' : 'Playing'} · ${count(room.players, 'player')}, ${count(room.bots, 'bot')}` })),
      el('code', { text: room.room }),
      button(how, waiting ? 'primary' : 'quiet', null, () => join(room.room, waiting), {
        'aria-label': `${how} the room of ${room.host ?? 'nobody'}`,
      }));
  }).concat(found.length ? [] : [el('li', { class: 'empty', text: 'No open rooms. Create one, friends can join by its link.' })]));

  const drawMine = () => {
    const seats = client.remembered().filter((seat) => seat.game?.id === 'liap-tui');
    mine.hidden = seats.length === 0;
    redraw(mine, seats.map(({ room }) => room), () => [el('h2', { text: 'Your games' }), el('ul', { class: 'rooms' },
      ...seats.map((seat) => el('li', {},
        el('span', { class: 'grow' }, el('strong', { text: seat.name ?? 'You' }),
          el('small', { text: seat.view ? `Round ${seat.view.round}` : 'Waiting' })),
        el('code', { text: seat.room }),
        button('Return', 'primary', null, () => invite(seat.room), { 'aria-label': `Return to room ${seat.room}` }))))]);
  };

  let timer = null;
  let open = true;
  let asking = false;
  const note = el('p', { class: 'empty', text: 'Looking for rooms…' });
  const poll = async () => {
    clearTimeout(timer);
    if (client.connection.state === 'connected' && !asking) {
      asking = true;
      try {
        draw(await client.list('liap-tui'));
        note.hidden = true;
      } catch (refusal) {
        write(note, refusal.message);
        note.hidden = false;
      }
      asking = false;
    }
    clearTimeout(timer);
    if (open) timer = setTimeout(poll, POLL_MS);
  };
  const off = client.on('connection', ({ state }) => { if (state === 'connected') poll(); });
  poll();
  drawMine();

  const node = el('div', { class: 'lobby' },
    el('section', { class: 'intro' },
      el('h1', { text: 'Liap Tui' }),
      el('p', { text: 'Four players, thirty-two pieces. Say how many piles you will take, then take exactly that many.' })),
    el('form', { class: 'card', onsubmit: create, novalidate: false },
      el('h2', { text: 'New room' }),
      name.node,
      el('div', { class: 'fields' }, field('Play to', score, 'points'), field('At most', rounds, 'rounds'), field('Pace', pace)),
      el('label', { class: 'check' }, hidden, el('span', { text: 'Private: only people with the link can find it' })),
      createButton),
    el('div', { class: 'stack' },
      mine,
      el('section', { class: 'card' }, el('h2', { text: 'Open rooms' }), note, rooms,
        el('form', { class: 'row', onsubmit: go }, code, el('button', { class: 'quiet', text: 'Open' })))));
  return { node, update() {}, leave() { open = false; clearTimeout(timer); off(); } };
}
