// What a reminder would send next, asked for while one fills in the form. Without scripts a button does the same.
const WAIT_MS = 350;

function watch(form) {
  const box = form.querySelector('[data-ahead]');
  let timer = 0;
  let asked = 0;
  const look = async () => {
    const number = (asked += 1);
    const fields = new URLSearchParams(new FormData(form));
    fields.set('preview', '1');
    try {
      const answer = await fetch(form.action, { method: 'POST', body: fields, credentials: 'same-origin', headers: { 'X-Fragment': '1' } });
      if (!answer.ok || answer.redirected || number !== asked) return; // a later one is under way
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      box.replaceChildren(...[...page.body.childNodes].map((node) => document.adoptNode(node)));
    } catch { /* no connection: what is shown stays, saving will tell */ }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  };
  form.addEventListener('input', soon);
  form.addEventListener('change', soon);
}

for (const form of document.querySelectorAll('[data-reminder]')) watch(form);
