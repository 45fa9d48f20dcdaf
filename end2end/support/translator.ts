// What a browser's translator does to a page: Chromium's and Firefox's put two nested elements in the place of each text, go
// on doing so for what comes later, and leave alone what says `translate="no"`. Given to pages as a whole: it may use nothing
// from here. The words stay, so that tests find what they look for.

/** Translates the page and what comes later; `slowly`, a few texts at a time. */
export function translate(slowly = false): void {
  const translated = new WeakSet<Node>();
  const waiting: Text[] = [];
  const isForPeople = (text: Text) =>
    text.isConnected && !translated.has(text) && /\p{L}/u.test(text.data)
    && !text.parentElement?.closest('[translate="no"], .notranslate, script, style, noscript, title, code');
  const replace = (text: Text) => {
    if (!isForPeople(text)) return;
    const inner = document.createElement('font');
    const outer = document.createElement('font');
    const foreign = document.createTextNode(text.data);
    translated.add(foreign);
    inner.append(foreign);
    outer.append(inner);
    text.replaceWith(outer);
  };
  const collect = (node: Node) => {
    const texts = document.createNodeIterator(node, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) waiting.push(text as Text);
    if (!slowly) for (const text of waiting.splice(0, Infinity)) replace(text);
  };
  new MutationObserver((records) => {
    for (const { addedNodes, target } of records) for (const node of [...addedNodes, target]) if (node.isConnected) collect(node);
  }).observe(document, { subtree: true, childList: true, characterData: true });
  collect(document.body);
  if (slowly) setInterval(() => { for (const text of waiting.splice(0, 7)) replace(text); }, 3);
}
