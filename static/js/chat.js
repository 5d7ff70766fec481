// One conversation on the screen: marks it read while somebody looks, keeps the composer's lock right, shows the way
// back to the newest message.
const { start } = await import(`./composer.js${new URL(import.meta.url).search}`);

const FAR_PX = 300;

const thread = document.querySelector('[data-thread]');
const jump = document.querySelector('[data-jump]');

// --- read marks: only what is on a page in front of a person counts as read

let sentSeen = '';

async function markRead() {
  const form = document.querySelector('[data-live-url] [data-read]'); // not on pages of older messages
  if (!form || document.hidden || !document.hasFocus()) return;
  const body = new URLSearchParams(new FormData(form));
  if (sentSeen === body.get('seen')) return;
  sentSeen = body.get('seen');
  try {
    await fetch(form.action, { method: 'POST', body, credentials: 'same-origin', redirect: 'manual' });
  } catch {
    sentSeen = ''; // the next look tries again
    return;
  }
  const row = document.querySelector('.beside .here');
  row?.classList.remove('unread');
  row?.querySelector('.count')?.remove();
}

// --- the WhatsApp window opens and closes while we look

async function checkLock() {
  const end = document.querySelector('[data-thread] [data-lock]');
  const foot = document.getElementById('composer');
  if (!end || !foot?.dataset.lock || end.dataset.lock === foot.dataset.lock) return;
  foot.dataset.lock = end.dataset.lock; // asked once
  const answer = await fetch(location.href, { credentials: 'same-origin' });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('composer');
  if (!fresh) return;
  foot.replaceChildren(...[...fresh.childNodes].map((node) => document.adoptNode(node)));
  for (const form of foot.querySelectorAll('[data-composer]')) start(form);
}

// --- older messages come in above, without leaving the page

async function older(event) {
  const place = event.target.closest('[data-older]');
  const list = thread.querySelector('.bubbles');
  if (!place || !list || !event.target.closest('a') || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const answer = await fetch(event.target.closest('a').href, { credentials: 'same-origin' });
  if (!answer.ok || answer.redirected) return void location.assign(answer.url);
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const found = [...page.querySelectorAll('.bubbles > li')];
  const keys = new Set(found.map((item) => item.dataset.key));
  for (const item of [...list.children]) if (keys.has(item.dataset.key)) item.remove(); // the day goes up with it
  list.prepend(...found.map((item) => document.adoptNode(item)));
  const more = page.querySelector('[data-older]');
  place.replaceChildren(...(more ? [...more.childNodes].map((node) => document.adoptNode(node)) : []));
  place.querySelector('a')?.focus({ preventScroll: true });
}

// --- the AI's proposal into the field, behind what stands there

function useProposal(event) {
  const link = event.target.closest('[data-use]');
  const form = document.querySelector('[data-composer]');
  if (!link || !form || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const field = form.querySelector('textarea');
  const text = link.closest('.proposal').querySelector('[data-proposal]').textContent;
  if (field.value.trim() === '') field.value = text;
  else if (!field.value.includes(text)) field.value = `${field.value.trimEnd()}\n${text}`;
  form.querySelector('[data-draft-id]').value = link.dataset.use;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  field.focus();
}

// --- where the newest message is

function showJump() {
  if (jump) jump.hidden = Math.abs(thread.scrollTop) < FAR_PX;
}

if (thread) {
  thread.addEventListener('scroll', showJump, { passive: true });
  thread.addEventListener('click', older);
  thread.addEventListener('click', useProposal);
  jump?.addEventListener('click', (event) => {
    event.preventDefault();
    thread.scrollTop = 0;
    document.querySelector('[data-composer] textarea')?.focus({ preventScroll: true });
  });
  document.addEventListener('fresh', () => {
    markRead();
    checkLock();
  });
  document.addEventListener('visibilitychange', markRead);
  addEventListener('focus', markRead);
  markRead();
}
