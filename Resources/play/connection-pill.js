import { el, set, write } from './element.js';
import { secondsLeft } from './countdown.js';

/** The connection in one word, and a button to try at once while waiting. */
export function connectionPill(client) {
  const text = el('span', { 'data-testid': 'connection-state' });
  const now = el('button', { type: 'button', class: 'link', text: 'Now', title: 'Reconnect now', hidden: true, onclick: () => client.connect() });
  const node = el('span', { class: 'pill' }, el('span', { class: 'dot', 'aria-hidden': 'true' }), text, now);
  const draw = () => {
    const { state, retryAt, code } = client.connection;
    const words = {
      idle: 'Offline', connecting: 'Connecting…', connected: 'Connected',
      waiting: `Reconnecting in ${secondsLeft(retryAt ?? 0, client.clock.now())} s`,
      stopped: code === 4502 ? 'Replaced' : code === 4503 || code === 4504 ? 'Room over' : 'Disconnected',
    };
    write(text, words[state]);
    set(text, 'data-state', state);
    set(now, 'hidden', state !== 'waiting');
  };
  client.on('connection', draw);
  setInterval(() => client.connection.state === 'waiting' && draw(), 250);
  draw();
  return node;
}
