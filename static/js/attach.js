// Attachments of the composer: what was chosen is shown with its size and can be taken back; files can be dropped and
// pasted; what the channel does not take is said before anything is sent. Without scripts the plain file field remains.
const KB = 1024;
const MB = 1024 * 1024;
const PICTURES = ['jpg', 'jpeg', 'png', 'gif'];

const number = new Intl.NumberFormat(document.documentElement.lang || 'en', { maximumFractionDigits: 1 });
const sizeOf = (bytes) => (bytes < MB ? `${Math.ceil(bytes / KB)} KB` : `${number.format(bytes / MB)} MB`);
const extensionOf = (name) => name.slice(name.lastIndexOf('.') + 1).toLowerCase();

function refusal(box, input, file) {
  const extension = extensionOf(file.name);
  if (!input.accept.split(',').includes(`.${extension}`)) return `${file.name} ${box.dataset.wrongKind}`;
  const most = Number(PICTURES.includes(extension) ? box.dataset.picture : box.dataset.other);
  return file.size > most ? `${file.name} ${box.dataset.tooLarge}` : '';
}

function refusalOfAll(box, input, files, kept) {
  for (const file of files) {
    const text = refusal(box, input, file);
    if (text !== '') return text;
  }
  const total = files.reduce((sum, file) => sum + file.size, 0);
  return files.length + kept > Number(box.dataset.most) || total > Number(box.dataset.total) ? box.dataset.tooMany : '';
}

function chip(box, file, remove) {
  const item = document.createElement('li');
  item.dataset.chosen = '';
  const about = document.createElement('span');
  about.className = 'media-about';
  about.textContent = sizeOf(file.size);
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'button quiet small';
  button.textContent = box.dataset.remove;
  button.setAttribute('aria-label', `${box.dataset.remove}: ${file.name}`);
  button.addEventListener('click', remove);
  item.append(file.name, ' ', about, ' ', button);
  return item;
}

function complain(box, input, text) {
  input.setCustomValidity(text);
  box.querySelector('.mistake')?.remove();
  if (text === '') return;
  const problem = document.createElement('p');
  problem.className = 'mistake';
  problem.setAttribute('role', 'alert');
  problem.textContent = text;
  box.querySelector('[data-attached]').before(problem);
}

function dropping(form, add) {
  const has = (event) => [...event.dataTransfer.types].includes('Files');
  form.addEventListener('dragover', (event) => {
    if (!has(event)) return;
    event.preventDefault();
    form.classList.add('dropping');
  });
  form.addEventListener('dragleave', () => form.classList.remove('dropping'));
  form.addEventListener('drop', (event) => {
    form.classList.remove('dropping');
    if (!has(event)) return;
    event.preventDefault();
    add([...event.dataTransfer.files]);
  });
}

/** Wakes the attachments of one composer, where it has them. `field`: its text, which may stay empty beside a file. */
export function attachments(form, field) {
  const box = form.querySelector('[data-attach]');
  if (!box) return;
  const input = box.querySelector('input[type="file"]');
  const list = box.querySelector('[data-attached]');
  let files = [];
  const show = (told) => {
    const kept = list.querySelectorAll('input:checked').length;
    const chosen = new DataTransfer();
    for (const file of files) chosen.items.add(file);
    input.files = chosen.files;
    for (const item of list.querySelectorAll('[data-chosen]')) item.remove();
    for (const file of files) {
      list.append(chip(box, file, () => {
        files = files.filter((other) => other !== file);
        show(true);
        input.focus();
      }));
    }
    field.required = files.length + kept === 0;
    if (told) complain(box, input, refusalOfAll(box, input, files, kept));
  };
  const add = (more) => {
    files = [...files, ...more];
    show(true);
  };
  input.addEventListener('change', () => add([...input.files]));
  list.addEventListener('change', () => show(true));
  field.addEventListener('paste', (event) => {
    if (event.clipboardData.files.length === 0) return;
    event.preventDefault();
    add([...event.clipboardData.files]);
  });
  dropping(form, add);
  show(false);
}
