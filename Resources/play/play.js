import { CODES } from '/client/codes.js';
import { GameServerClient, roomIdFrom } from '/client/gameserver.js';
import { fold } from '/client/liap-tui.js';
import { confirm } from './confirm.js';
import { connectionPill } from './connection-pill.js';
import { countdowns } from './countdown.js';
import { button, el, set, write } from './element.js';
import { ending } from './ending.js';
import { invitation } from './invitation.js';
import { Ledger } from './ledger.js';
import { lobby } from './lobby.js';
import { table } from './table.js';
import { waitingRoom } from './waiting-room.js';
import { noticeText, PHASES, refusalText } from './words.js';

const TOAST_MS = 6_000;

const client = new GameServerClient({
  folds: { 'liap-tui': fold }, client: { name: 'liap-tui-page', version: '1' }, storage: storage('localStorage'),
});
const clocks = countdowns(() => client.now());
const main = document.getElementById('main');
const bar = document.getElementById('bar');
const toast = document.getElementById('refusal');
const announcer = document.getElementById('announcer');

/** Storage may be forbidden; then nothing is remembered and everything else works. */
function storage(name) { try { return globalThis[name]; } catch { return null; } }

// --- saying things

let toastTimer = null;
function refuse(refusal, text = refusalText(refusal)) {
  toast.hidden = false;
  toast.textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(hush, TOAST_MS);
}
const hush = () => { toast.hidden = true; toast.textContent = ''; };
const announce = (text) => { announcer.textContent = text; };

/** Does what a person asked for; a refusal is said in words. */
async function command(ask) {
  try { await ask(); } catch (refusal) { if (refusal.code !== 'left') refuse(refusal); }
}

// --- the bar on top

const code = el('code', { 'data-testid': 'room-code' });
const copy = button('Copy link', 'quiet small', 'copy-link', copyLink);
const phase = el('span', { class: 'phase', 'data-testid': 'phase' });
const leaveButton = button('Leave', 'quiet small', 'leave-room', leaveRoom);
const closeButton = button('Close', 'quiet small', 'close-room', closeRoom, { title: 'Close the room for everybody' });
const spacer = el('span', { class: 'spacer' });
const roomBits = el('div', { class: 'room-bits', hidden: true }, code, copy, phase, spacer, closeButton, leaveButton);
bar.append(el('a', { class: 'brand', href: '/', text: 'Liap Tui' }), roomBits, connectionPill(client));

async function copyLink() {
  const link = `${location.origin}/?room=${current.room.id}`;
  if (!(await copied(link))) return refuse({}, link);
  write(copy, 'Copied');
  announce('Link copied.');
  setTimeout(() => write(copy, 'Copy link'), 2_000);
}

/** Pages without TLS have no clipboard API; there the old command does it. */
async function copied(text) {
  try { await navigator.clipboard.writeText(text); return true; } catch { /* the old way below */ }
  const box = el('textarea', { class: 'unseen', text });
  document.body.append(box);
  box.select();
  const done = document.execCommand('copy');
  box.remove();
  return done;
}

async function leaveRoom() {
  const { room } = current;
  const playing = room.status?.state === 'playing' && room.seat !== null;
  if (playing && !(await confirm('Leave the game? A bot plays on for you and you cannot come back.', 'Leave'))) return;
  if (room.status?.state === 'finished' || room.seat === null) return room.abandon();
  await command(() => room.leave());
}

async function closeRoom() {
  const { room } = current;
  if (room.status?.state === 'playing' && !(await confirm('Close the room? The game ends for everybody.', 'Close room'))) return;
  await command(() => room.host('close'));
}

// --- screens: lobby, invitation, waiting room, table, ending

let current = { kind: null, screen: null, room: null };

function show(kind, room, make) {
  current.screen?.leave();
  hush();
  clocks.clear();
  current = { kind, room, screen: null };
  const screen = make();
  current.screen = screen;
  main.replaceChildren(screen.node);
  document.body.dataset.screen = kind;
  set(roomBits, 'hidden', room === null);
  screen.update();
}

const goto = (path) => { if (location.pathname + location.search !== path) history.pushState(null, '', path); };

function home() {
  const { room } = current;
  if (room && room.ended === null) return room.status?.state === 'finished' ? room.abandon() : undefined;
  goto('/');
  document.title = 'Liap Tui';
  client.connect();
  show('lobby', null, () => lobby({ client, enter, invite: open, refuse }));
}

/** Opens a room by its id: back to one's own seat if there is one, else the invitation. */
function open(id) {
  goto(`/?room=${id}`);
  const room = client.rooms.get(id) ?? client.resume(id);
  if (room) return enter(room);
  client.connect();
  show('invitation', null, () => invitation({ client, id, enter, home, refuse }));
}

/** Ledgers by room: a room is listened to once. */
const ledgers = new WeakMap();

function enter(room) {
  if (current.room === room) return;
  goto(`/?room=${room.id}${room.seat === null && room.secret === null ? '&watch=1' : ''}`);
  if (!ledgers.has(room)) listen(room);
  show('entering', room, () => ({ node: el('p', { class: 'empty', text: 'Coming back to the room…' }), update() {}, leave() {} }));
  update(room);
}

function listen(room) {
  const ledger = new Ledger(storage('sessionStorage'), room.id);
  ledgers.set(room, ledger);
  const nameOf = (seat) => room.status?.seats[seat]?.name ?? `Seat ${seat + 1}`;
  let heard = [];
  room.on('event', (happening) => { const text = ledger.record(happening, nameOf); if (text) heard.push(text); });
  room.on('chat', (message) => ledger.chat(message));
  room.on('change', () => { if (heard.length) announce(heard.join(' ')); heard = []; update(room); });
  room.on('over', (code) => {
    if (current.room !== room) return;
    if (code === 'left') return home();
    const playHere = () => { const again = room.playHere(); if (again) enter(again); else home(); };
    show('ending', null, () => ending({ code, home, playHere }));
  });
}

/** Shows the truth of the room on the screen that fits it. */
function update(room) {
  if (current.room !== room || !room.status) return;
  const kind = room.view === null ? 'waiting' : 'table';
  if (current.kind !== kind) {
    const sit = () => { room.abandon(); open(room.id); };
    show(kind, room, () => (kind === 'waiting'
      ? waitingRoom({ room, command, sit })
      : table({ room, ledger: ledgers.get(room), clocks, command, refuse, announce, home })));
  }
  const { view, status } = room;
  write(code, room.id);
  const name = view?.phase ?? 'waiting';
  write(phase, PHASES[name]);
  const mine = room.seat !== null && view?.to_act.includes(room.seat);
  document.title = `${mine ? 'Your turn' : PHASES[name]} · Liap Tui`;
  set(phase, 'data-phase', name);
  set(phase, 'title', view ? `Round ${view.round}` : null);
  set(phase, 'data-round', view ? `Round ${view.round}${view.multiplier > 1 ? ` · ×${view.multiplier}` : ''}` : null);
  set(closeButton, 'hidden', !room.isHost);
  set(copy, 'hidden', status.state === 'finished');
  current.screen.update();
  clocks.tick();
}

client.on('notice', (notice) => refuse({}, noticeText(notice)));
client.on('problem', ({ kind, text }) => { if (kind in CODES) refuse({ code: kind, message: text }); });
client.on('joined', (room) => { if (room.seat !== null && (current.kind === 'lobby' || current.kind === 'invitation')) enter(room); });

let lost = false;
client.on('connection', ({ state }) => {
  if (state === 'waiting' && !lost) announce('Connection lost. Reconnecting.');
  if (state === 'connected' && lost) { hush(); announce('Connected again.'); }
  document.body.dataset.connection = state;
  lost = state === 'waiting' || (lost && state === 'connecting');
});
const nudge = () => { if (client.connection.state === 'waiting' && !document.hidden) client.connect(); };
window.addEventListener('online', nudge);
document.addEventListener('visibilitychange', nudge);
window.addEventListener('popstate', () => location.reload());

async function watch(id) {
  client.connect();
  try { enter(await client.watch(id)); } catch (refusal) { open(id); refuse(refusal); }
}

const asked = new URLSearchParams(location.search);
const wanted = roomIdFrom(asked.get('room') ?? '');
if (wanted === '') home();
else if (asked.has('watch') && !client.remembered().some(({ room }) => room === wanted)) watch(wanted);
else open(wanted);
