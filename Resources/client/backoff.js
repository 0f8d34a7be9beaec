export const FIRST_MS = 250;
export const CEILING_MS = 30_000;

/** Full jitter: anywhere between nothing and a ceiling that doubles from 0.25 s to 30 s. In milliseconds. */
export function backoffDelay(attempt, random) {
  return Math.floor(random() * Math.min(CEILING_MS, FIRST_MS * 2 ** Math.min(attempt, 20)));
}
