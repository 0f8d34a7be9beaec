// The seven characters of each colour as strokes on a 24 × 24 grid, so that no font has to have them.

const SVG = 'http://www.w3.org/2000/svg';
const WRAP = 'M14.2 3 11.5 8M13 6h7.5v7.5q0 2-2 1.3M12.5 9.6h5v4h-5M12.5 9.6V18q0 2.5 2.5 2.5h4.2q2 0 2-2.8';
const CHARIOT = 'M4 5.5h16M12 2v20M6.5 8.5h11V15h-11zM6.5 11.75h11M3 18h18';
const HORSE = 'M6 3h12.5M6 3v11M6 6.7h11.5M6 10.3h11.5M12 3v11M6 14h13.5q.5 5-2 7L16 19.7M4.6 17l-1.1 3.5M8 17l.7 2.5M11.3 16.7l.9 2.3M14.7 16.5l.9 2';

const STROKES = {
  GENERAL_RED: 'M6.5 2.5 5.2 5.5M4 5.5v15M4 5.5h5.5V11H4M4 14h6v6H4M13 7.5v10M13 7.5h7.5v8q0 2-2.2 1.3M16.8 3v19',
  GENERAL_BLACK: 'M7.5 3v18.5M3.5 4v5.5h4M2.5 13.5h5M4.8 13.5q0 4.5-2.3 7M13.8 2.5 10.5 7M13 4.6h6.5q-2 5.4-8.5 7.9M12.8 7l2 1.8M10.5 14.5h11M18 11v9q0 2-2.5 1M12.6 16.6l1.6 2',
  ADVISOR_RED: 'M8.5 3 3 12M6 8.5V21M10 9h11.5M15.7 3v17M11 20h9.5',
  ADVISOR_BLACK: 'M3.5 9.5h17M12 3v17M6 20h12',
  ELEPHANT_RED: 'M2.5 8H11M6.8 3v18M6.8 8.5 2.5 15M7 9.5l3.5 3.5M13.5 4.5h7v16M13.5 4.5v16M13.5 9.5h7M13.5 14.5h7M13.5 19.7h7',
  ELEPHANT_BLACK: 'M9.5 2 5 6.5M8.8 4h5.7l-2 2.7M6.5 6.8h11v3.7h-11zM12 6.8l-.4 3.7L4 14.5M10 12q4.5 3 3.5 8-.5 2-3 1M12.5 14.6l-8 3.9M13.5 17.2 6 21.5M19 12l-4.5 2.5M15 14.5l5.5 6',
  CHARIOT_RED: CHARIOT, CHARIOT_BLACK: CHARIOT, HORSE_RED: HORSE, HORSE_BLACK: HORSE,
  CANNON_RED: `M4 7l1.5 3M10.3 6.5 8.7 9.5M7 3.5q0 11-4.5 16.5M7 12l3.5 6.5${WRAP}`,
  CANNON_BLACK: `M2.5 4.5h8M6.5 4.5 2.5 13M4.5 11v8.5M4.5 11H9v7.5H4.5${WRAP}`,
  SOLDIER_RED: 'M15.5 3 8 5v9M8 9h9.5M14 9v5M3.5 14h17M9 16.5l-3.5 4M15 16.5l3.5 4',
  SOLDIER_BLACK: 'M12 2.5V5M4.5 5.5h15M8.5 6.5 5 12M8.3 8.2 11 11.5M15.5 6.5 12.8 12M15.3 8.2 19 12M3.5 15h17M12 12.5V22',
};

/** @param {string} kind `SOLDIER_RED` … @returns {SVGElement} drawn in the current colour, unseen by screen readers */
export function glyph(kind) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'glyph');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', STROKES[kind] ?? '');
  svg.append(path);
  return svg;
}
