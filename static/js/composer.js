// Writing: the segment counter, drafts that survive, Enter sends, sending without leaving the page, no double send.
const version = new URL(import.meta.url).search;
const { countSegments, nameCharacter, plainText } = await import(`./segments.js${version}`);
const { attachments } = await import(`./attach.js${version}`);
const { lookNow, say } = await import(`./live.js${version}`);

const DRAFT = 'centrala.draft.';
const DRAFT_DAYS = 30;
const DAY_MS = 86400000;
const SPOKEN_WAIT_MS = 1200;

const fill = (pattern, values) => pattern.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

// --- counter

function channelOf(form) {
  const line = form.querySelector('[data-line]');
  const source = line?.selectedOptions ? line.selectedOptions[0] : line;
  return source?.dataset.channel || form.dataset.channel || 'sms';
}

function count(box, field, sms) {
  const text = field.value.trim();
  const limit = Number(field.dataset.limit);
  const cost = countSegments(text);
  const over = text.length > limit;
  const line = element('p', over ? 'over' : '', fill(sms && !over ? box.dataset.sms : box.dataset.chat, { ...cost, units: over || !sms ? text.length : cost.units, limit }));
  box.replaceChildren(line);
  field.setCustomValidity(over ? field.dataset.tooLong : '');
  if (sms && cost.costly.length > 0) {
    const why = element('p', 'costly', '');
    for (const character of cost.costly) why.append(element('mark', '', nameCharacter(character)), ' ');
    why.append(cost.costly.length > 1 ? box.dataset.several : box.dataset.costly);
    box.append(why);
    offerPlain(field, box, text);
  }
  return sms ? `${cost.encoding}, ${line.textContent}` : '';
}

// What is to be called at each change; counts once now. A reader hears it when the number of segments changes.
function counter(box, field, isSms) {
  let timer = 0;
  let spoken = countSegments(field.value);
  count(box, field, isSms());
  return () => {
    const text = count(box, field, isSms());
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!field.isConnected) return; // sent meanwhile
      const now = countSegments(field.value.trim());
      if (text && (now.count !== spoken.count || now.encoding !== spoken.encoding)) say(text);
      spoken = now;
    }, SPOKEN_WAIT_MS);
  };
}

// One press saves the segments when accents and typographic signs are all that costs.
function offerPlain(field, box, text) {
  const plain = plainText(text);
  if (countSegments(plain).encoding !== 'GSM-7' || countSegments(plain).count >= countSegments(text).count) return;
  const button = element('button', 'button small', box.dataset.plain);
  button.type = 'button';
  button.addEventListener('click', () => {
    field.value = plainText(field.value);
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.focus();
    say(box.dataset.plained);
  });
  box.append(button);
}

// --- drafts, per conversation, on this device

const store = {
  get(key) {
    try {
      const kept = JSON.parse(localStorage.getItem(DRAFT + key));
      return kept && Date.now() - kept.at < DRAFT_DAYS * DAY_MS ? kept.text : '';
    } catch {
      return '';
    }
  },
  set(key, text) {
    try {
      if (text.trim() === '') localStorage.removeItem(DRAFT + key);
      else localStorage.setItem(DRAFT + key, JSON.stringify({ text, at: Date.now() }));
    } catch { /* storage is full or forbidden: writing goes on without drafts */ }
  },
};

// --- sending

function complain(form, text) {
  form.querySelector('[data-problem]')?.remove();
  if (text === '') return;
  const problem = element('p', 'mistake', text);
  problem.dataset.problem = '';
  problem.setAttribute('role', 'alert');
  form.querySelector('[data-send]').parentElement.before(problem);
}

function showNotice(page) {
  document.querySelector('main > .notice')?.remove();
  const notice = page.querySelector('main > .notice');
  if (notice) document.getElementById('main').prepend(document.adoptNode(notice));
}

// Only a form that may carry files is sent as one.
function bodyOf(form) {
  const data = new FormData(form);
  return form.enctype === 'multipart/form-data' ? data : new URLSearchParams(data);
}

// The answer is the page as a browser without scripts would see it: a fresh form, with mistakes or empty.
async function send(form) {
  const field = form.querySelector('textarea');
  const button = form.querySelector('[data-send]');
  if (button.getAttribute('aria-disabled') === 'true') return;
  button.setAttribute('aria-disabled', 'true');
  try {
    const answer = await fetch(form.action, { method: 'POST', body: bodyOf(form), credentials: 'same-origin' });
    if (answer.status >= 500) throw new Error(String(answer.status));
    const path = new URL(answer.url).pathname;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const fresh = page.querySelector(`[data-draft="${form.dataset.draft}"]`);
    if (answer.ok && path !== '/login') store.set(form.dataset.draft, '');
    if (answer.redirected && path !== location.pathname) return void location.assign(answer.url);
    if (!fresh) throw new Error(page.querySelector('h1')?.textContent);
    showNotice(page);
    form.replaceWith(document.adoptNode(fresh));
    start(fresh);
    (fresh.querySelector('[aria-invalid]') || fresh.querySelector('textarea')).focus();
    lookNow();
  } catch (error) {
    button.setAttribute('aria-disabled', 'false');
    complain(form, (error instanceof TypeError || /^\d*$/.test(error.message) ? '' : `${error.message} `) + field.dataset.unsent);
  }
}

function keys(event, form) {
  if (event.key !== 'Enter' || event.isComposing || event.shiftKey || event.altKey) return;
  if (!event.ctrlKey && !event.metaKey && matchMedia('(pointer: coarse)').matches) return; // a phone's Enter is a new line
  event.preventDefault();
  form.requestSubmit();
}

/** Wakes one form; called again for every form that replaces it. */
export function start(form) {
  const field = form.querySelector('textarea');
  if (field.value === '') field.value = store.get(form.dataset.draft);
  const counted = counter(form.querySelector('[data-counter]'), field, () => channelOf(form) === 'sms');
  const changed = () => {
    counted();
    store.set(form.dataset.draft, field.value);
    complain(form, '');
  };
  field.addEventListener('input', changed);
  field.addEventListener('keydown', (event) => keys(event, form));
  form.querySelector('select[data-line]')?.addEventListener('change', changed);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send(form);
  });
  attachments(form, field);
}

for (const form of document.querySelectorAll('[data-composer]')) start(form);
for (const field of document.querySelectorAll('textarea[data-counted]')) {
  const whatsapp = field.closest('[data-channel]')?.dataset.channel === 'whatsapp';
  field.addEventListener('input', counter(document.getElementById(field.dataset.counted), field, () => !whatsapp));
}
