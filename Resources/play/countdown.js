import { set, write } from './element.js';

const TICK_MS = 250;

/** Seconds left until a deadline of the server's clock, never below zero. */
export const secondsLeft = (deadline, now) => Math.max(0, Math.ceil((deadline - now) / 1000));

/**
 * Keeps every registered node at the time left of its waiting. One timer for the page.
 * @param {() => number} now the server's clock
 */
export function countdowns(now) {
  /** @type {Map<HTMLElement, () => ({since: number, deadline?: number}|null)>} */
  const shown = new Map();
  const tick = () => {
    for (const [node, waiting] of shown) {
      if (!node.isConnected) continue;
      const { since, deadline = null } = waiting() ?? {};
      const share = deadline !== null && deadline > since ? Math.min(1, Math.max(0, (deadline - now()) / (deadline - since))) : 0;
      write(node, deadline === null ? '' : `${secondsLeft(deadline, now())} s`);
      set(node, 'data-urgent', deadline !== null && deadline - now() < 10_000 ? 'yes' : null);
      node.style.setProperty('--share', share.toFixed(3));
    }
  };
  setInterval(tick, TICK_MS);
  return { show(node, waiting) { shown.set(node, waiting); return node; }, clear() { shown.clear(); }, tick };
}
