/**
 * A DOM element. Properties starting with `on` are listeners, `text` is text, the rest are attributes (false and null:
 * none). Children are nodes or strings; a string is always text, never markup.
 */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'text') node.textContent = value;
    else set(node, name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Sets an attribute, or removes it for false and null; an unchanged one is left alone. */
export function set(node, name, value) {
  if (value === false || value === null || value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value === true ? '' : value)) node.setAttribute(name, value === true ? '' : value);
}

/** Sets text without touching an unchanged node: a live region stays silent, a selection stays. */
export function write(node, text) { if (node.textContent !== text) node.textContent = text; }

const drawn = new WeakMap();

/** Rebuilds the children only when `key` changed, so focus and transitions survive updates. */
export function redraw(node, key, build) {
  const text = JSON.stringify(key);
  if (drawn.get(node) === text) return;
  drawn.set(node, text);
  node.replaceChildren(...build().filter(Boolean));
}

/** A button that does one thing. @param {string} kind its classes @param {string|null} id for tests */
export const button = (text, kind, id, onclick, more = {}) =>
  el('button', { type: 'button', class: kind, 'data-testid': id, text, onclick, ...more });

/** Text for screen readers only. */
export const unseen = (text) => el('span', { class: 'unseen', text });
