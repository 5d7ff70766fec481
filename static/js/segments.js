// What a text costs, counted while it is typed: the twin of fcgi/base/segment.c, checked by the same vectors.

const BASIC = '\n\r !"#$%&\'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz' +
  '\u00a1\u00a3\u00a4\u00a5\u00a7\u00bf\u00c4\u00c5\u00c6\u00c7\u00c9\u00d1\u00d6\u00d8\u00dc\u00df\u00e0\u00e4\u00e5' +
  '\u00e6\u00e8\u00e9\u00ec\u00f1\u00f2\u00f6\u00f8\u00f9\u00fc\u0393\u0394\u0398\u039b\u039e\u03a0\u03a3\u03a6\u03a8\u03a9';
const EXTENDED = '\f^{}\\[~]|\u20ac'; // an escape and a letter: two septets

const septets = new Map([...[...BASIC].map((c) => [c, 1]), ...[...EXTENDED].map((c) => [c, 2])]);
const LIMITS = { gsm: { alone: 160, part: 153 }, ucs2: { alone: 70, part: 67 } };
const MOST_COSTLY = 20;

const graphemes = typeof Intl !== 'undefined' && Intl.Segmenter
  ? new Intl.Segmenter('en', { granularity: 'grapheme' }) : null;

// What a reader sees as one character; code points where the browser cannot tell.
function clusters(text) {
  return graphemes ? Array.from(graphemes.segment(text), (s) => s.segment) : [...text];
}

// Fills parts in order. A piece that is too long for any part is taken apart rather than counted wrongly.
function walk(pieces, size, limit) {
  const total = pieces.reduce((sum, piece) => sum + size(piece), 0);
  if (total <= limit.alone) return { count: 1, units: total, room: limit.alone - total };
  let count = 1;
  let used = 0;
  for (const piece of pieces) {
    for (const bit of size(piece) > limit.part ? [...piece] : [piece]) {
      if (used + size(bit) > limit.part) {
        count += 1;
        used = 0;
      }
      used += size(bit);
    }
  }
  return { count, units: total, room: limit.part - used };
}

/** { encoding: 'GSM-7' | 'UCS-2', count, units, room, costly: [characters that force UCS-2] } */
export function countSegments(text) {
  const letters = [...text];
  if (letters.every((c) => septets.has(c))) {
    return { encoding: 'GSM-7', costly: [], ...walk(letters, (c) => septets.get(c), LIMITS.gsm) };
  }
  const seen = clusters(text);
  const costly = [...new Set(seen.filter((cluster) => ![...cluster].every((c) => septets.has(c))))];
  return { encoding: 'UCS-2', costly: costly.slice(0, MOST_COSTLY), ...walk(seen, (c) => c.length, LIMITS.ucs2) };
}

/** A character as it can be shown in a sentence: invisible ones by their code point. */
export function nameCharacter(cluster) {
  if (/^[\p{L}\p{N}\p{P}\p{S}\p{Emoji}]/u.test(cluster)) return cluster;
  return 'U+' + cluster.codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
}

// Typographic signs that writing programs put in by themselves and that have a plain look-alike in GSM-7.
const PLAIN = new Map([...'\u2018\u2019\u201a\u00b4`'].map((c) => [c, "'"])
  .concat([...'\u201c\u201d\u201e\u00ab\u00bb'].map((c) => [c, '"']), [...'\u2010\u2011\u2012\u2013\u2014\u2212'].map((c) => [c, '-']))
  .concat([['\u2026', '...'], ['\u00a0', ' '], ['\u202f', ' '], ['\u2009', ' '], ['\t', ' '], ['\u2022', '-']])
  .concat([['\u0142', 'l'], ['\u0141', 'L'], ['\u0111', 'd'], ['\u0110', 'D'], ['\u00f0', 'd'], ['\u200b', ''], ['\ufeff', '']]));

/** The text with accents and typographic signs made plain where that lets it fit GSM-7; emoji stay. */
export function plainText(text) {
  const one = (c) => {
    if (septets.has(c)) return c;
    if (PLAIN.has(c)) return PLAIN.get(c);
    const bare = c.normalize('NFD').replace(/\p{M}+/gu, '');
    return bare !== '' && [...bare].every((b) => septets.has(b)) ? bare : c;
  };
  return [...text.normalize('NFC')].map(one).join('');
}
