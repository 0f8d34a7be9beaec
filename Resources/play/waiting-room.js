import { el, redraw, set, write } from './element.js';
import { presence } from './seat-card.js';

/** Before the start: who sits where, the link to share, and the host's buttons. */
export function waitingRoom({ room, command, sit }) {
  const seats = el('ol', { class: 'chairs' });
  const note = el('p', { class: 'status', role: 'status' });
  const addBot = el('button', { type: 'button', class: 'quiet', 'data-testid': 'add-bot', text: 'Add a bot', onclick: () => command(() => room.host('add_bot')) });
  const fill = el('button', {
    type: 'button', class: 'quiet', 'data-testid': 'fill-bots', text: 'Fill with bots',
    onclick: () => room.status.seats.filter(({ kind }) => kind === 'empty').forEach(() => command(() => room.host('add_bot'))),
  });
  const start = el('button', { type: 'button', class: 'primary', 'data-testid': 'start-game', text: 'Start the game', onclick: () => command(() => room.host('start')) });
  const seatMe = room.seat === null ? el('button', { type: 'button', class: 'primary', 'data-testid': 'take-seat', text: 'Take a seat', onclick: sit }) : null;
  const host = el('div', { class: 'row' }, addBot, fill, start);
  const link = el('input', { class: 'link-box', readonly: true, 'aria-label': 'Link to this room', value: `${location.origin}/?room=${room.id}`, onfocus: () => link.select() });

  const chair = (seat) => el('li', { class: 'chair', 'data-testid': `seat-${seat.seat}`, 'data-kind': seat.kind },
    el('span', { class: 'avatar', 'aria-hidden': 'true', text: seat.kind === 'empty' ? '' : seat.kind === 'bot' ? '⚙' : [...seat.name][0].toUpperCase() }),
    el('span', { class: 'grow' }, el('strong', { text: seat.kind === 'empty' ? 'Empty seat' : seat.name }), el('small', { text: presence(seat, room) || '\u00a0' })),
    room.isHost && seat.kind !== 'empty' && seat.seat !== room.seat
      ? el('button', { type: 'button', class: 'quiet small', 'data-testid': `remove-${seat.seat}`, text: 'Remove', 'aria-label': `Remove ${seat.name}`, onclick: () => command(() => room.host('remove', seat.seat)) })
      : null);

  return {
    node: el('div', { class: 'waiting' },
      el('section', { class: 'card' },
        el('h1', { text: 'Around the table' }), seats, note, host, seatMe),
      el('section', { class: 'card' },
        el('h2', { text: 'Invite others' }),
        el('p', { text: 'Whoever opens this link can take a free seat, or a bot’s.' }),
        link)),
    update() {
      const { status } = room;
      if (!status) return;
      redraw(seats, [status.seats, status.host, room.isHost], () => status.seats.map(chair));
      const empty = status.seats.filter(({ kind }) => kind === 'empty').length;
      set(host, 'hidden', !room.isHost);
      addBot.disabled = fill.disabled = empty === 0;
      start.disabled = empty > 0;
      const hostName = status.seats[status.host]?.name ?? 'the host';
      write(note, empty > 0 ? `${empty} ${empty === 1 ? 'seat is' : 'seats are'} still empty.` : room.isHost ? 'Everybody is here.' : `Waiting for ${hostName} to start.`);
    },
    leave() {},
  };
}
