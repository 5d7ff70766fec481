// Keeps the parts marked data-live-url fresh: asks the server what changed since the cursor, and works a new fragment
// into the page without disturbing what the reader holds: focus, selection, scroll position.
const { merge } = await import(`./merge.js${new URL(import.meta.url).search}`);

const PERIOD_MS = 2000;
const SLOWEST_MS = 15000;
const HIDDEN_MS = 30000; // behind other windows: seldom, so that the title can tell of what came
const NEAR_END_PX = 60;
const WIDE = matchMedia('(min-width: 74rem)');

const offline = document.getElementById('offline');
const announce = document.getElementById('announce');
const boxes = [];

export function say(text) {
  if (announce) announce.textContent = text;
}

function showProblem(text) {
  offline.textContent = text;
  offline.hidden = text === '';
}

// What a row says aloud: who, and the text. Each kind of row has these under names of its own.
const SPOKEN = '.row-title b, .row-preview, .h-who a, .one-line, .bubble-author, .bubble-text';
const spoken = (item) => [...item.querySelectorAll(SPOKEN)].map((part) => part.textContent.trim()).join(': ');

// What came while nobody looked is counted in the title, where tabs show it.
const title = document.title;
let missed = 0;

function mark(count) {
  missed = document.hidden ? missed + count : 0;
  document.title = missed > 0 ? `(${missed}) ${title}` : title;
}

// Sentences of what is new since the last look: rows that were not there, messages that failed.
function news(box, before) {
  const lines = [];
  for (const item of box.querySelectorAll('[data-key]')) {
    if (box.dataset.here && item.querySelector('a')?.pathname === box.dataset.here) continue; // the chat itself tells
    const old = before.get(item.dataset.key);
    const fresh = item.matches('[data-say], .bubble.in') && (!old || (item.dataset.news && old.news !== item.dataset.news));
    if (fresh) lines.push(`${announce.dataset.new}. ${spoken(item)}`);
    if (item.dataset.failed && !old?.failed) lines.push(item.dataset.failed);
  }
  return lines;
}

function snapshot(box) {
  const entries = [...box.querySelectorAll('[data-key]')].map((item) => [item.dataset.key, { ...item.dataset }]);
  return new Map(entries);
}

// The first item in sight keeps its place on the screen, unless the reader is at the end and wants to follow it.
function keepPlace(thread, change) {
  if (!thread) return change();
  const atEnd = Math.abs(thread.scrollTop) < NEAR_END_PX;
  const top = thread.getBoundingClientRect().top;
  const mark = [...thread.querySelectorAll('[data-item]')].find((item) => item.getBoundingClientRect().bottom > top);
  const place = mark?.getBoundingClientRect().top;
  const result = change();
  if (atEnd) thread.scrollTop = 0;
  else if (mark?.isConnected) thread.scrollTop += mark.getBoundingClientRect().top - place;
  return result;
}

/** Puts a fragment's nodes into a live box. */
export function show(box, fragment) {
  const first = box.dataset.cursor === '';
  const before = snapshot(box);
  const focused = document.activeElement;
  keepPlace(box.closest('[data-thread]'), () => merge(box, fragment));
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
  const lines = first ? [] : news(box, before);
  if (lines.length > 0) say(lines.slice(-3).join(' '));
  mark(lines.length);
  for (const link of box.dataset.here ? box.querySelectorAll('.conversation-row > a') : []) {
    const here = link.pathname === box.dataset.here;
    link.parentElement.classList.toggle('here', here);
    if (here) link.setAttribute('aria-current', 'page');
  }
  box.dispatchEvent(new CustomEvent('fresh', { bubbles: true, detail: { count: lines.length } }));
}

async function look(live) {
  const { box } = live;
  const url = new URL(box.dataset.liveUrl, location.href);
  url.searchParams.set('cursor', box.dataset.cursor);
  const headers = { 'X-Fragment': '1' };
  if (live.etag) headers['If-None-Match'] = live.etag;
  const cursor = box.dataset.cursor;
  const answer = await fetch(url, { headers, cache: 'no-store', credentials: 'same-origin' });
  if (answer.status === 401 || new URL(answer.url).pathname === '/login') {
    live.ended = true;
    return showProblem(offline.dataset.signedOut);
  }
  if (answer.status === 404) { // it was deleted: nothing of it stays on the screen
    live.ended = true;
    return location.reload();
  }
  if (answer.status >= 500) throw new Error(String(answer.status));
  if (answer.status !== 200 || !answer.headers.has('X-Cursor')) return showProblem('');
  const text = await answer.text();
  showProblem('');
  if (box.dataset.cursor !== cursor) return undefined; // composer.js was faster
  live.etag = answer.headers.get('ETag');
  show(box, new DOMParser().parseFromString(text, 'text/html').body);
  box.dataset.cursor = answer.headers.get('X-Cursor');
  return undefined;
}

function schedule(live) {
  clearTimeout(live.timer);
  if (!live.ended) live.timer = setTimeout(() => turn(live), document.hidden ? HIDDEN_MS : live.wait);
}

async function turn(live) {
  if (live.busy) return;
  const { box } = live;
  if ('liveWide' in box.dataset && !WIDE.matches) return schedule(live);
  live.busy = true;
  try {
    await look(live);
    live.failures = 0;
  } catch {
    live.failures += 1;
    if (live.failures > 1) showProblem(offline.dataset.lost);
  }
  live.busy = false;
  live.wait = live.failures > 0 ? Math.min(live.wait * 2, SLOWEST_MS) : PERIOD_MS;
  schedule(live);
}

/** Look now: after a send, or when the page comes back to the front. */
export function lookNow() {
  for (const live of boxes) {
    live.wait = PERIOD_MS;
    clearTimeout(live.timer);
    turn(live);
  }
}

for (const box of document.querySelectorAll('[data-live-url]')) {
  const live = { box, wait: PERIOD_MS, failures: 0, etag: null, busy: false, ended: false };
  boxes.push(live);
  if (box.dataset.cursor === '') turn(live); // filled by us
  else schedule(live);
}
document.addEventListener('visibilitychange', () => {
  mark(0);
  if (!document.hidden) lookNow();
});
addEventListener('online', lookNow);
addEventListener('pageshow', (event) => event.persisted && location.reload()); // unread marks may be old
WIDE.addEventListener('change', lookNow);
