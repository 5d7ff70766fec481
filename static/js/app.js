// What every page has: the menu button, notices that go away, keyboard shortcuts, rows that open, times that age.
// The only script the pages name. The others are imported under the same ?v=, so that caches may keep them for ever.
const version = new URL(import.meta.url).search;
const parts = ['live', 'composer', 'chat', 'handset', 'reminders'].map((name) => import(`./${name}.js${version}`));

const SETTING = 'centrala.keys'; // "off" when single-key shortcuts are not wanted on this device
const GO_WAIT_MS = 1500;
const HOUR_S = 3600;

const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const visible = (element) => element.getClientRects().length > 0;
const typing = (element) => element.matches('input, textarea, select, [contenteditable]');

document.documentElement.classList.add('scripts');

// --- menu on narrow screens, notices

function menu() {
  const button = document.querySelector('[data-menu]');
  if (!button) return;
  const panel = document.getElementById(button.getAttribute('aria-controls'));
  const show = (open) => {
    button.setAttribute('aria-expanded', String(open));
    panel.classList.toggle('open', open);
  };
  button.addEventListener('click', () => show(!panel.classList.contains('open')));
  panel.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    show(false);
    button.focus();
  });
}

function dismiss(event) {
  if (!event.target.closest('[data-dismiss]')) return;
  event.target.closest('.notice').remove();
  document.getElementById('main').focus();
}

// An address beside its button goes to the clipboard; where that is not allowed it is selected for the keyboard.
async function copy(event) {
  const button = event.target.closest('[data-copy]');
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    if (!document.execCommand('copy')) return;
  }
  const words = button.textContent;
  button.textContent = button.dataset.done;
  setTimeout(() => { button.textContent = words; }, 2000);
}

// What was begun here is not for the next person at this desk.
function forgetDrafts(event) {
  if (event.target.getAttribute('action') !== '/logout') return;
  for (const key of Object.keys(localStorage)) if (key.startsWith('centrala.draft.')) localStorage.removeItem(key);
}

// --- lists

function currentList() {
  const active = document.activeElement;
  const here = active.closest('[data-items]') || active.closest('[data-thread]')?.querySelector('[data-items]');
  return here || all('[data-items]').find(visible);
}

function openable(item) {
  if (item.matches('.bubbles > *')) item.tabIndex = -1; // read as a whole, whatever links stand in it
  return item.matches('[tabindex]') ? item : item.querySelector('a, button, select') || item;
}

function step(by) {
  const list = currentList();
  const items = list ? all('[data-item]', list).filter(visible) : [];
  if (items.length === 0) return;
  const at = items.indexOf(document.activeElement.closest('[data-item]') || list.querySelector('.here'));
  const from = at < 0 && list.matches('.bubbles') ? items.length : at; // a chat is read from its end
  const next = items[Math.min(items.length - 1, Math.max(0, from + by))];
  openable(next).focus();
  next.scrollIntoView({ block: 'nearest' });
}

// A row with one destination opens wherever it is clicked, but selecting its text stays possible.
function rows(event) {
  const row = event.target.closest('tr[data-item]');
  if (event.type === 'auxclick' && event.button !== 1) return;
  if (!row || event.target.closest('a, button, input, select, label') || String(getSelection()) !== '') return;
  const link = row.querySelector('a');
  if (!link) return;
  if (event.metaKey || event.ctrlKey || event.button === 1) window.open(link.href, '_blank', 'noopener');
  else link.click();
}

// --- shortcuts

const help = () => document.getElementById('help');

function reply() {
  const field = all('[data-composer] textarea, [data-handset] textarea').find(visible);
  const to = document.getElementById('to');
  if (to && to.matches('input') && visible(to) && to.value === '') to.focus();
  else if (field) field.focus();
  else document.querySelector('[data-new]')?.click();
}

const actions = {
  j: () => step(1),
  k: () => step(-1),
  '/': () => {
    const field = all('[data-search]').find(visible);
    if (field) field.select();
    else location.assign('/conversations?focus=search');
  },
  r: reply,
  '?': () => (help().open ? help().close() : help().showModal()),
};

let goUntil = 0;

function shortcut(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === 'Escape' && typing(event.target)) {
    event.target.blur();
    return;
  }
  if (typing(event.target) || keysOff() || (help().open && event.key !== '?')) return;
  const link = Date.now() < goUntil && document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
  goUntil = event.key === 'g' ? Date.now() + GO_WAIT_MS : 0;
  const action = link ? () => link.click() : actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

function keysOff() {
  try {
    return localStorage.getItem(SETTING) === 'off';
  } catch {
    return false; // storage forbidden
  }
}

function shortcutSetting() {
  for (const box of all('[data-keys]')) {
    box.checked = !keysOff();
    box.addEventListener('change', () => {
      if (box.checked) localStorage.removeItem(SETTING);
      else localStorage.setItem(SETTING, 'off');
      for (const other of all('[data-keys]')) other.checked = box.checked;
    });
  }
}

// --- "5 min ago" stays true while the page is open; older than a day it is left as it was made

const relative = new Intl.RelativeTimeFormat(document.documentElement.lang || 'en', { numeric: 'always', style: 'long' });

function age() {
  for (const time of all('time[data-ago]')) {
    const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
    if (!(seconds >= 60 && seconds < 24 * HOUR_S)) continue;
    const [n, unit] = seconds < HOUR_S ? [seconds / 60, 'minute'] : [seconds / HOUR_S, 'hour'];
    const text = relative.format(-Math.floor(n), unit);
    if (time.textContent !== text) time.textContent = text;
  }
}

if (help()) {
  document.addEventListener('keydown', shortcut);
  shortcutSetting();
}
menu();
document.addEventListener('click', rows);
document.addEventListener('auxclick', rows);
document.addEventListener('click', dismiss);
document.addEventListener('click', copy);
document.addEventListener('submit', forgetDrafts);
document.addEventListener('fresh', age);
document.querySelector('main [aria-invalid=true]')?.focus(); // a form that came back is shown where it is wrong
if (new URLSearchParams(location.search).has('focus')) document.querySelector('[data-search]')?.focus();
setInterval(age, 20000);
await Promise.all(parts);
document.documentElement.classList.add('awake'); // nothing a person does from here on goes past a script
