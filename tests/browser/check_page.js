// What is wrong with the page as it stands: a list of sentences. Run inside it by test_pages.py.
// arguments[0]: also judge colours and sizes (true at one width only: it is the same everywhere).
const problems = [];
const bad = (text, element) => problems.push(element ? `${text}: ${element.outerHTML.slice(0, 160)}` : text);
const all = (selector) => [...document.querySelectorAll(selector)];
const seen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });

// --- the frame

if (!document.documentElement.lang) bad('no lang');
if (!/\S.* · Centrala$/.test(document.title)) bad(`title: ${document.title}`);
if (all('h1').filter(seen).length !== 1) bad(`${all('h1').length} h1`);
if (all('main').length !== 1) bad('not one main');
const signedIn = all('.side').length > 0;
if (signedIn && !all('nav[aria-label]').length) bad('no named nav');
if (signedIn && !all('a.skip[href="#main"]').length) bad('no skip link');
const navs = all('nav').map((nav) => nav.getAttribute('aria-label'));
if (new Set(navs).size !== navs.length) bad(`navs of the same name: ${navs}`);
let level = 1;
for (const heading of all('h1, h2, h3, h4').filter(seen)) {
  const own = Number(heading.nodeName[1]);
  if (own > level + 1) bad('heading leaves a level out', heading);
  level = own;
}

// --- references and names

const ids = all('[id]').map((element) => element.id);
for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) bad(`id twice: ${id}`);
for (const attribute of ['aria-describedby', 'aria-labelledby', 'aria-controls', 'for']) {
  for (const element of all(`[${attribute}]`)) {
    for (const id of element.getAttribute(attribute).trim().split(/\s+/)) if (!document.getElementById(id)) bad(`${attribute} names nothing (${id})`, element);
  }
}
for (const use of all('svg use')) if (use.getBoundingClientRect().width === 0 && seen(use.closest('svg'))) bad('icon draws nothing', use);
for (const icon of all('i.icon')) if (!getComputedStyle(icon).webkitMaskImage.startsWith('url(')) bad('icon draws nothing', icon);
for (const svg of all('svg')) if (svg.getAttribute('aria-hidden') !== 'true') bad('icon is read out', svg);
for (const img of all('img')) if (!img.hasAttribute('alt')) bad('img without alt', img);
for (const img of all('img')) if (seen(img) && img.complete && img.naturalWidth === 0) bad('img is broken', img);
const nameOf = (element) => (element.getAttribute('aria-label') || element.innerText || [...(element.labels || [])].map((l) => l.textContent).join(' ')
  || (element.getAttribute('aria-labelledby') || '').split(' ').map((id) => document.getElementById(id)?.textContent || '').join(' ') || element.title || '').trim();
for (const control of all('a[href], button, input:not([type=hidden]), select, textarea, [role=button]').filter(seen)) {
  if (nameOf(control) === '' && control.textContent.trim() === '') bad('control without a name', control);
  if (control.matches('input, select, textarea') && !(control.labels?.length || control.getAttribute('aria-label'))) bad('field without a label', control);
}
for (const region of all('section, aside, [role=region]')) if (nameOf(region) === '' || !(region.hasAttribute('aria-label') || region.hasAttribute('aria-labelledby'))) bad('region without a name', region);
for (const element of all('[tabindex]')) if (element.tabIndex > 0) bad('order of tabs is forced', element);
for (const cell of all('th')) if (!cell.hasAttribute('scope')) bad('th without scope', cell);
for (const field of all('[aria-invalid=true]')) if (!field.getAttribute('aria-describedby')) bad('mistake without its text', field);

// --- nothing raw

const raw = document.body.innerText.match(/\{\{|\}\}|%lld|%s\b|%d\b|\bundefined\b|\bNaN\b|\[object|whatsapp:\+|\bnull\b|\bNULL\b/);
if (raw) bad(`raw text “${raw[0]}” in “${document.body.innerText.slice(Math.max(0, raw.index - 40), raw.index + 40)}”`);
for (const element of all('[title=""], [aria-label=""], [placeholder=""], [href=""]')) bad('empty attribute', element);

// --- it fits

if (document.documentElement.scrollWidth > innerWidth) {
  const widest = all('body *').filter((e) => seen(e) && e.getBoundingClientRect().right > innerWidth + 1 && e.getBoundingClientRect().width > 0)[0];
  bad(`wider than the screen: ${document.documentElement.scrollWidth} > ${innerWidth}`, widest);
}
const controls = all('a.button, button, input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea').filter(seen)
  .filter((e) => e.getClientRects().length === 1 && !e.closest('[data-thread]') && !e.matches('[data-jump]'));
const boxes = controls.map((e) => [e, e.getBoundingClientRect()]).filter(([, r]) => r.bottom > 0 && r.top < innerHeight && r.width > 1);
boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
  const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left), high = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
  if (wide > 1 && high > 1 && !a.contains(b) && !b.contains(a)) bad(`lies over ${b.outerHTML.slice(0, 80)}`, a);
}));
for (const control of controls) {
  const box = control.getBoundingClientRect();
  if (box.width < 24 || box.height < 24) bad(`too small to hit (${Math.round(box.width)} × ${Math.round(box.height)})`, control);
}

// --- contrast, by the colours that are really computed

const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const parse = (colour) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
};
const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a), 1];
const light = ([r, g, b]) => {
  const part = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
};
const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);

function backgroundOf(element) {
  const layers = [];
  for (let e = element; e; e = e.parentElement) {
    const colour = parse(getComputedStyle(e).backgroundColor);
    if (colour[3] > 0) layers.push(colour);
    if (colour[3] === 1) break;
  }
  const canvasColour = parse(getComputedStyle(document.body).backgroundColor);
  return layers.reverse().reduce((below, layer) => over(layer, below), canvasColour);
}

if (arguments[0]) {
  const told = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.nodeValue.trim() || !seen(element) || element.closest('.sr, [aria-disabled=true], option, .skip, [aria-hidden=true].error-number')) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const behind = backgroundOf(element);
    const have = ratio(over(parse(style.color), behind), behind);
    const key = `${style.color} on ${behind} in .${element.className}`;
    if (have < (large ? 3 : 4.5) && !told.has(key)) {
      told.add(key);
      bad(`contrast ${have.toFixed(2)}, ${key}`, element);
    }
    if (size < 12) bad(`text of ${size} px`, element);
  }
  for (const field of all('input:not([type=hidden], [type=checkbox]), select, textarea').filter(seen)) {
    const edge = over(parse(getComputedStyle(field).borderTopColor), backgroundOf(field.parentElement));
    if (ratio(edge, backgroundOf(field.parentElement)) < 3) bad('edge of the field is hard to see', field);
  }
}
return problems;
