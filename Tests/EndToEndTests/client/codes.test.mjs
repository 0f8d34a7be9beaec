import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { CODES, Refusal } from '../../../Resources/client/codes.js';

const text = (path) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const all = (found) => [...found].map(([, code]) => code);
const sorted = (codes) => [...new Set(codes)].sort();

const client = Object.keys(CODES);
const isClose = (code) => /^\d+$/.test(code);

const section = text('docs/PROTOCOL.md').split('\n## Codes\n')[1].split('\n## ')[0];
/** The rows of a table whose first column holds codes. */
const rows = (head) => section.split(`\n${head}\n`)[1].split('\n\n')[0].split('\n').slice(1);
const published = {
  refusals: rows('| Code | When |').flatMap((row) => all(row.split('|')[1].matchAll(/`([a-z_]+)`/g))),
  reserved: rows('| Code | When |').filter((row) => row.includes('reserved')).flatMap((row) => all(row.split('|')[1].matchAll(/`([a-z_]+)`/g))),
  closes: rows('| Code | Name | Why |').map((row) => row.split('|')[1].trim()),
};
const server = {
  refusals: [
    ...all(text('Sources/GameServer/Wire/Rejection.swift').matchAll(/Rejection\(\s*"([a-z_]+)"/g)),
    ...all(text('Sources/Plugins/API/Refusal.swift').matchAll(/code: "([a-z_]+)"/g)),
  ],
  closes: all(text('Sources/GameServer/Wire/Disconnect.swift').matchAll(/\b\w+`? = (\d{4})\b/g)),
};

describe('PROTOCOL §6: codes', () => {
  it('the client has words for every published refusal, and no others', () => {
    assert.ok(published.refusals.length > 20);
    assert.deepEqual(sorted(client.filter((code) => !isClose(code))), sorted(published.refusals));
  });

  it('the client has words for every published close code, and no others', () => {
    assert.deepEqual(sorted(client.filter(isClose)), sorted(published.closes));
  });

  it('whatever the server refuses with is published', () => {
    assert.ok(server.refusals.length > 15);
    assert.deepEqual(server.refusals.filter((code) => !published.refusals.includes(code)), []);
  });

  it('whatever is published and not reserved the server or a game refuses with', () => {
    const unsaid = published.refusals.filter((code) => ![...server.refusals, ...published.reserved].includes(code));
    assert.deepEqual(unsaid, []);
  });

  it('the close codes of the server are those published', () => {
    assert.deepEqual(sorted(server.closes), sorted(published.closes));
  });

  it('below 4500 come back, from 4500 stay away', () => {
    for (const code of client.filter(isClose)) assert.equal(CODES[code].comeBack, Number(code) < 4500, code);
  });

  it('a refusal reads as the server put it, else as the table does, else as its code', () => {
    assert.equal(new Refusal('room_full', 'sorry').message, 'sorry');
    assert.equal(new Refusal('room_full').message, CODES.room_full.text);
    assert.equal(new Refusal('chess/check').message, 'chess/check');
  });
});
