import { el } from './element.js';

/** Asks before something that cannot be taken back. @returns {Promise<boolean>} */
export function confirm(question, yes) {
  return new Promise((resolve) => {
    const answer = () => { dialog.remove(); resolve(dialog.returnValue === 'yes'); };
    const dialog = el('dialog', { class: 'card confirm', 'aria-labelledby': 'question', onclose: answer },
      el('form', { method: 'dialog' },
        el('p', { id: 'question', text: question }),
        el('div', { class: 'row end' },
          el('button', { value: 'no', class: 'quiet', 'data-testid': 'confirm-no', text: 'Cancel' }),
          el('button', { value: 'yes', class: 'danger', 'data-testid': 'confirm-yes', text: yes }))));
    document.body.append(dialog);
    dialog.showModal();
  });
}
