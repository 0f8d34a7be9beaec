import { el } from './element.js';
import { nameField } from './name-field.js';

/** What a shared link opens: take a seat, or watch. */
export function invitation({ client, id, enter, home, refuse }) {
  const name = nameField();
  const buttons = [];
  const attempt = async (ask) => {
    for (const button of buttons) button.disabled = true;
    try { enter(await ask()); } catch (refusal) {
      refuse(refusal, refusal.code === 'wrong_phase' ? 'The game has begun. You can watch it.' : undefined);
    }
    for (const button of buttons) button.disabled = false;
  };
  const join = (event) => {
    event.preventDefault();
    const player = name.value();
    if (player !== null) attempt(() => client.join({ room: id, name: player }));
  };
  buttons.push(
    el('button', { class: 'primary', 'data-testid': 'join-room', text: 'Take a seat' }),
    el('button', { type: 'button', class: 'quiet', 'data-testid': 'watch-room', text: 'Watch', onclick: () => attempt(() => client.watch(id)) }));
  return {
    node: el('form', { class: 'card narrow', onsubmit: join },
      el('h1', { text: 'You are invited' }),
      el('p', {}, 'Room ', el('code', { text: id })),
      name.node,
      el('div', { class: 'row' }, ...buttons, el('button', { type: 'button', class: 'link', text: 'Lobby', onclick: home }))),
    update() {},
    leave() {},
  };
}
