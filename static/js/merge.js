// Makes one tree of elements like another by changing only what differs, so that what the reader has focused, selected
// or opened stays. In lists children are paired by data-key; a new list with data-keep also keeps what stands
// before its own beginning (older messages); an element with data-once stays where it is when there is one already (day separators).

const keyOf = (node) => node.dataset?.key;

function syncAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && name !== 'open' && name !== 'tabindex') old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

function update(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh);
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    old.nodeValue = fresh.nodeValue;
    return;
  }
  syncAttributes(old, fresh);
  merge(old, fresh);
}

function mergeList(box, fresh) {
  const wanted = new Set([...fresh.children].map(keyOf));
  const present = new Map([...box.children].map((child) => [keyOf(child), child]));
  const children = [...box.children];
  const from = 'keep' in fresh.dataset ? children.findIndex((child) => wanted.has(keyOf(child)) && !('once' in child.dataset)) : 0;
  if (from >= 0) for (const child of children.slice(from)) if (!wanted.has(keyOf(child))) child.remove();
  let at = box.firstElementChild; // everything before it is done
  for (const next of [...fresh.children]) {
    while (at && !wanted.has(keyOf(at))) at = at.nextElementSibling;
    const found = present.get(keyOf(next));
    if (!found) {
      box.insertBefore(next, at);
      continue;
    }
    if (found === at) at = at.nextElementSibling;
    else if ('once' in next.dataset) continue;
    else box.insertBefore(found, at);
    update(found, next);
  }
}

function mergeInOrder(box, fresh) {
  const old = [...box.childNodes];
  const wanted = [...fresh.childNodes];
  wanted.forEach((next, i) => {
    if (!old[i]) box.append(next);
    else update(old[i], next);
  });
  for (const gone of old.slice(wanted.length)) gone.remove();
}

/** Children of `box` become like the children of `fresh`, which is used up. */
export function merge(box, fresh) {
  const list = [...fresh.children].some(keyOf) || [...box.children].some(keyOf);
  if (list) mergeList(box, fresh);
  else mergeInOrder(box, fresh);
}
