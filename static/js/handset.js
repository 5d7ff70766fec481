// The test phone: Enter sends, the page stays. Its messages are kept fresh by live.js like any other list.
const { lookNow } = await import(`./live.js${new URL(import.meta.url).search}`);

const form = document.querySelector('[data-handset]');
const field = form?.querySelector('textarea');
let sending = false;

async function send() {
  if (sending || !form.reportValidity()) return;
  sending = true;
  try {
    const answer = await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)), credentials: 'same-origin' });
    if (!answer.ok) throw new Error(String(answer.status));
    field.value = '';
    lookNow();
  } catch {
    form.submit(); // without us the page says itself what is wrong
  } finally {
    sending = false;
    field.focus();
  }
}

if (form) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send();
  });
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
}
