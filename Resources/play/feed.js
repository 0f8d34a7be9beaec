import { el, redraw } from './element.js';

const MAX_TEXT = 500;      // PROTOCOL: longest chat text

/** Talk and happenings in one column. */
export function feed({ room, ledger, refuse }) {
  const lines = el('ol', { class: 'lines', tabindex: 0, 'aria-label': 'Talk and events' });
  const toEnd = () => { lines.scrollTop = lines.scrollHeight; };
  new ResizeObserver(toEnd).observe(lines);
  const input = el('input', {
    'data-testid': 'chat-input', maxlength: MAX_TEXT, placeholder: 'Say something', 'aria-label': 'Say something', autocomplete: 'off',
  });
  const say = (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (text === '') return;
    if (room.chatSay(text)) input.value = ''; else refuse({}, 'Not connected: nothing was said.');
  };
  return {
    node: el('section', { class: 'feed', 'aria-label': 'Chat' }, lines,
      room.seat === null ? null : el('form', { class: 'row', onsubmit: say }, input,
        el('button', { class: 'quiet', 'data-testid': 'chat-send', text: 'Say' }))),
    update() {
      redraw(lines, ledger.lines, () => {
        queueMicrotask(toEnd);
        if (ledger.lines.length === 0) return [el('li', { class: 'event', text: 'Nothing has happened since you came.' })];
        return ledger.lines.map(({ who, text }) => (who === undefined
          ? el('li', { class: 'event', text })
          : el('li', { class: 'said' }, el('strong', { text: `${who}: ` }), text)));
      });
    },
  };
}
