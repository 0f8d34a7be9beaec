/**
 * Everything the server can say no or goodbye with. `comeBack` on a refusal: the same request may succeed later
 * unchanged; on a close code: connect again. A number from the server (`retry`, `after_ms`) says when.
 * Source: docs/PROTOCOL.md, "Codes".
 * @type {Readonly<Record<string, {comeBack: boolean, text: string}>>}
 */
export const CODES = Object.freeze({
  bad_request: { comeBack: false, text: 'The server could not read that request.' },
  unknown_type: { comeBack: false, text: 'The server does not know that request.' },
  not_joined: { comeBack: false, text: 'You have no seat in this room.' },
  bad_number: { comeBack: true, text: 'That command came out of order.' },
  not_host: { comeBack: false, text: 'Only the host may do that.' },
  not_your_turn: { comeBack: false, text: 'It is not your turn.' },
  wrong_phase: { comeBack: false, text: 'That is not possible at this point.' },
  refused: { comeBack: false, text: 'The server refused that.' },
  room_full: { comeBack: false, text: 'Every seat of this room is taken.' },
  room_not_found: { comeBack: false, text: 'There is no room with this code.' },
  room_gone: { comeBack: false, text: 'This room is closed.' },
  seat_taken: { comeBack: false, text: 'That seat is taken.' },
  name_taken: { comeBack: false, text: 'Somebody in this room already has that name.' },
  bad_secret: { comeBack: false, text: 'This seat now belongs to somebody else.' },
  bad_token: { comeBack: false, text: 'Your sign-in is not valid.' },
  rate_limited: { comeBack: true, text: 'That was too fast. Try again in a moment.' },
  too_large: { comeBack: false, text: 'That message is too long.' },
  draining: { comeBack: true, text: 'The server is about to restart. Try again in a moment.' },
  overloaded: { comeBack: true, text: 'The server is busy. Try again in a moment.' },
  store_unavailable: { comeBack: true, text: 'The server cannot save right now. Try again in a moment.' },
  poisoned: { comeBack: false, text: 'The server set this command aside because it fails.' },
  internal: { comeBack: true, text: 'Something went wrong on the server.' },
  4001: { comeBack: true, text: 'The server is restarting.' },
  4002: { comeBack: true, text: 'The room moved to another server.' },
  4003: { comeBack: true, text: 'This connection was too slow.' },
  4004: { comeBack: true, text: 'The server heard nothing from here.' },
  4005: { comeBack: true, text: 'The server asked for a fresh start.' },
  4006: { comeBack: true, text: 'The server is busy.' },
  4007: { comeBack: true, text: 'Something went wrong on the server.' },
  4501: { comeBack: false, text: 'Your sign-in is not valid.' },
  4502: { comeBack: false, text: 'This seat is being played in another window.' },
  4503: { comeBack: false, text: 'The host removed you from the room.' },
  4504: { comeBack: false, text: 'The room is closed.' },
  4505: { comeBack: false, text: 'The server did not understand this page. Reload it.' },
  4506: { comeBack: false, text: 'This page is out of date. Reload it.' },
  4507: { comeBack: false, text: 'The server cut this connection for sending too much.' },
  4509: { comeBack: false, text: 'This page did not introduce itself in time. Reload it.' },
});

/** The answer `no`, or a room that ended before the answer came; `code` is a key of `CODES` or `<game>/<code>`. */
export class Refusal extends Error {
  /** @param {string|number} code @param {string} [message] @param {false|number} [retry] milliseconds */
  constructor(code, message, retry = false) {
    super(message || CODES[code]?.text || String(code));
    this.name = 'Refusal';
    this.code = code;
    this.retry = retry;
  }
}
