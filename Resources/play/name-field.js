import { el, write } from './element.js';
import { nameProblem } from './words.js';

const KEY = 'liap-tui:name';

/** The player's name, remembered; `value()` is null and the problem is said when it cannot be used. */
export function nameField() {
  const problem = el('small', { class: 'problem', id: 'name-problem' });
  const input = el('input', {
    'data-testid': 'name-input', autocomplete: 'nickname', maxlength: 100, placeholder: 'How others see you', 'aria-describedby': 'name-problem',
    oninput: () => write(problem, ''),
  });
  try { input.value = localStorage.getItem(KEY) ?? ''; } catch { /* storage forbidden: no memory */ }
  return {
    node: el('label', { class: 'field' }, el('span', { text: 'Your name' }), input, problem),
    focus: () => input.focus(),
    value() {
      const text = nameProblem(input.value);
      write(problem, text ?? '');
      if (text !== null) { input.focus(); return null; }
      try { localStorage.setItem(KEY, input.value.trim()); } catch { /* storage forbidden: no memory */ }
      return input.value.trim();
    },
  };
}
