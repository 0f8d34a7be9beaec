import { button, el, redraw, set, write } from './element.js';
import { presence } from './seat-card.js';

/** Before the start: who sits where, the link to share, and the host's buttons. */
export function waitingRoom({ room, command, sit }) {
  const seats = el('ol', { class: 'chairs' });
  const note = el('p', { class: 'status', role: 'status' });
  const addBot = button('Add a bot', 'quiet', 'add-bot', () => command(() => room.host('add_bot')));
  const fill = button('Fill with bots', 'quiet', 'fill-bots', () => {
    for (const { kind } of room.status.seats) if (kind === 'empty') command(() => room.host('add_bot'));
  });
  const start = button('Start the game', 'primary', 'start-game', () => command(() => room.host('start')));
  const seatMe = room.seat === null ? button('Take a seat', 'primary', 'take-seat', sit) : null;
  const host = el('div', { class: 'row' }, addBot, fill, start);
  const link = el('input', {
    class: 'link-box', readonly: true, 'aria-label': 'Link to this room', value: `${location.origin}/?room=${room.id}`,
    onfocus: () => link.select(),
  });

  const face = ({ kind, name }) => ({ empty: '', bot: '⚙' })[kind] ?? [...name][0].toUpperCase();
  const remove = ({ seat, name }) => button('Remove', 'quiet small', `remove-${seat}`,
    () => command(() => room.host('remove', seat)), { 'aria-label': `Remove ${name}` });
  const chair = (seat) => el('li', { class: 'chair', 'data-testid': `seat-${seat.seat}`, 'data-kind': seat.kind },
    el('span', { class: 'avatar', 'aria-hidden': 'true', text: face(seat) }),
    el('span', { class: 'grow' }, el('strong', { text: seat.kind === 'empty' ? 'Empty seat' : seat.name }),
      el('small', { text: presence(seat, room) || '\u00a0' })),
    room.isHost && seat.kind !== 'empty' && seat.seat !== room.seat ? remove(seat) : null);

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
      const ready = room.isHost ? 'Everybody is here.' : `Waiting for ${hostName} to start.`;
      write(note, empty > 0 ? `${empty} ${empty === 1 ? 'seat is' : 'seats are'} still empty.` : ready);
    },
    leave() {},
  };
}
