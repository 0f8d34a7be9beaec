import { el } from './element.js';
import { endText } from './words.js';

const TITLES = { 4502: 'Playing elsewhere', internal: 'Not now' };

/** What is left when a room is over for this window: why, and where to go. */
export function ending({ code, home, playHere }) {
  const replaced = code === 4502;
  return {
    node: el('section', { class: 'card narrow', role: 'alert' },
      el('h1', { text: TITLES[code] ?? 'Room over' }),
      el('p', { 'data-testid': 'room-over', text: endText(code) }),
      el('div', { class: 'row' },
        replaced && playHere ? el('button', { class: 'primary', 'data-testid': 'play-here', text: 'Play here', onclick: playHere }) : null,
        el('button', { class: replaced ? 'quiet' : 'primary', 'data-testid': 'to-lobby', text: 'To the lobby', onclick: home }))),
    update() {},
    leave() {},
  };
}
