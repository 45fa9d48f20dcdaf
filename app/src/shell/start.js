// Brings the page to life, and says so where that fails. It stands in each page, before the style sheet, so that the
// WASM is on its way at once, and is told where everything is by its own data attributes (see start.rs).
(() => {
  'use strict';
  const { js, wasm, adviceJs, adviceWasm } = document.currentScript.dataset;
  // How long the WASM may take until the page says that it is late, in milliseconds.
  const PATIENCE = 8_000;
  // How often a page that broke is drawn anew.
  const REDRAWS = 2;
  // How long fields may take to come back after that: some do with the session only.
  const REFILL = 10_000;
  const TYPED = 'lanyard-typed';
  const WORDS = {
    late: 'A part of this page is still on its way. If it takes too long, reload the page.',
    lost: 'A part of this page did not arrive. Signing in and out works all the same; for the rest, reload the page.',
    broken: 'This page broke. Please reload it; you stay signed in.',
    barred: 'This browser runs no WebAssembly here, as in Lockdown Mode, and only that may hold your badge. Signing in and '
      + 'out works all the same; for the rest, allow it for this site.',
  };

  const box = () => document.getElementById('app');
  const parsed = new Promise((done) => {
    if (document.readyState !== 'loading') done();
    else document.addEventListener('DOMContentLoaded', done, { once: true });
  });
  // A copy that was cut off or replaced on its way may be cached for a year: the second time goes past the cache.
  const twice = (get) => get(false).catch(() => get(true));
  const past = (address) => fetch(address, { cache: 'reload' }).then((answer) => answer.blob());

  async function compile(again) {
    const answer = await fetch(wasm, { cache: again ? 'reload' : 'default' });
    if (!answer.ok) throw new Error(`${answer.status} for the WASM`);
    // Whatever a server in between calls it, the bytes are what counts.
    const typed = /^application\/wasm\s*($|;)/i.test(answer.headers.get('content-type') ?? '');
    return typed && WebAssembly.compileStreaming
      ? WebAssembly.compileStreaming(answer) : WebAssembly.compile(await answer.arrayBuffer());
  }

  const canRun = typeof WebAssembly === 'object';
  // Compiled once, for as many instances as it takes.
  const code = canRun ? twice(compile) : Promise.reject();
  const script = canRun
    ? twice((again) => (again ? past(js).then(() => import(`${js}#again`)) : import(js))) : Promise.reject();
  for (const part of [code, script]) part.catch(() => {});

  let alive = false;
  // The script of the instance that lives.
  let current;
  let redraws = 0;
  let falling = false;
  let left = -Infinity;
  // What is to be done when an instance dies: its locks and channels would outlive it.
  const wills = new Set();

  globalThis.lanyard = {
    async advice() {
      const advice = await import(adviceJs);
      await advice.default({ module_or_path: adviceWasm });
      return advice;
    },
    wills,
    fall,
  };

  // Hydration walks the document blindly: what an extension, a translator or a server in between has changed in it
  // would be taken for something else.
  function isUntouched(place) {
    const counts = { 1: 0, 3: 0, 8: 0 };
    const walker = document.createTreeWalker(place);
    while (walker.nextNode()) counts[walker.currentNode.nodeType] += 1;
    return Object.values(counts).join(' ') === place.dataset.nodes;
  }

  async function begin() {
    const [found, module] = await Promise.all([script, code]);
    await parsed;
    await found.default({ module_or_path: module });
    current = found;
    alive = true;
    say();
    try {
      if (isUntouched(box())) current.hydrate();
      else draw();
    } catch {
      fall();
    }
  }

  // What was typed stays, and so does the focus.
  function draw() {
    const place = box();
    const typed = remember(place);
    place.replaceChildren();
    current.mount();
    refill(place, typed);
  }

  // Called by the panic hook too. After a trap an instance is in no state that anybody knows.
  function fall() {
    if (falling) return;
    falling = true;
    setTimeout(redraw);
  }

  async function redraw() {
    while (redraws < REDRAWS) {
      redraws += 1;
      bury();
      try {
        // By an address that never ran, it is another instance of the same code.
        current = await import(`${js}#${redraws}`);
        await current.default({ module_or_path: await code });
        draw();
        falling = false;
        return;
      } catch {
        // Once more, or not.
      }
    }
    bury();
    say('broken');
  }

  function bury() {
    // From here on its closures throw instead of running. Where the code is too large, as in a debug build, it makes no
    // new instance, which we don't need.
    try { current?.__wbg_reset_state(); } catch { /* it is dead already */ }
    for (const will of wills) will();
    wills.clear();
  }

  // Of what a dead instance still listens to.
  function ofTheDead(error) {
    return /previous WASM instance/.test(error?.message ?? '');
  }
  addEventListener('error', (event) => {
    if (ofTheDead(event.error)) event.preventDefault();
    // A trap that is no panic: the stack or the memory is at its end.
    else if (alive && canRun && event.error instanceof WebAssembly.RuntimeError) fall();
  });
  addEventListener('unhandledrejection', (event) => {
    if (ofTheDead(event.reason)) event.preventDefault();
  });

  function session() {
    return /(?:^|; )__Host-lanyard-hint=([^.;]*)/.exec(document.cookie)?.[1];
  }

  function remember(place) {
    const fields = [...place.querySelectorAll('input[id], textarea[id], select[id]')];
    const changed = fields.filter((field) => field.value !== (field.defaultValue ?? '') || field === document.activeElement);
    return {
      session: session(),
      values: new Map(changed.map((field) => [field.id, field.value])),
      focus: place.contains(document.activeElement) ? document.activeElement.id : '',
    };
  }

  function refill(place, { session: whose, values, focus }) {
    const found = () => {
      // What one person typed is none of the next one's business.
      if (session() !== whose) return stop();
      for (const [id, value] of values) {
        const field = document.getElementById(id);
        if (!field || field.disabled || field.matches('fieldset:disabled *')) continue;
        values.delete(id);
        if (field.value !== value) {
          field.value = value;
          field.dispatchEvent(new Event('input', { bubbles: true }));
        }
      }
      if (document.activeElement && document.activeElement !== document.body) focus = '';
      const field = focus && document.getElementById(focus);
      // One that is disabled can't have it yet.
      if (field) field.focus({ preventScroll: true });
      if (field && document.activeElement === field) focus = '';
      if (values.size === 0 && !focus) stop();
    };
    const watcher = new MutationObserver(found);
    const stop = () => watcher.disconnect();
    watcher.observe(place, { subtree: true, childList: true, attributeFilter: ['disabled'] });
    setTimeout(stop, REFILL);
    found();
  }

  // Says what is the matter, with a way out; without a word, nothing any more.
  function say(what) {
    const place = document.getElementById('trouble');
    if (!place) return;
    place.replaceChildren();
    if (!what) return;
    const [notice, words, reload] = ['div', 'p', 'button'].map((name) => document.createElement(name));
    notice.className = 'notice bad wrap';
    words.textContent = WORDS[what];
    reload.className = 'button';
    reload.type = 'button';
    reload.textContent = 'Reload';
    reload.onclick = async () => {
      reload.disabled = true;
      await Promise.allSettled([js, wasm].map(past));
      location.reload();
    };
    notice.append(words, reload);
    place.append(notice);
    if (what === 'late') return;
    // Nothing is on its way any more.
    for (const busy of document.querySelectorAll('[aria-busy]')) busy.removeAttribute('aria-busy');
    for (const words of document.querySelectorAll('[data-state="waiting"] .standing')) words.textContent = 'Not loaded';
  }

  // The plain forms. What the server refuses comes back with what was typed, but for the password, and by no address.
  addEventListener('submit', ({ target }) => {
    if (alive) return;
    left = performance.now();
    const typed = ['name', 'email'].map((name) => [name, target.elements[name]?.value]).filter(([, value]) => value);
    try { sessionStorage.setItem(TYPED, JSON.stringify(typed)); } catch { /* a browser that keeps nothing */ }
  });
  addEventListener('click', ({ target }) => {
    if (target.closest?.('a[href]')) left = performance.now();
  });
  parsed.then(() => {
    try {
      const typed = JSON.parse(sessionStorage.getItem(TYPED) ?? '[]');
      sessionStorage.removeItem(TYPED);
      if (!new URLSearchParams(location.search).has('error')) return;
      for (const [name, value] of typed) {
        const field = box().querySelector(`form[method=post] input[name=${name}]`);
        if (field && !field.value) field.value = value;
      }
    } catch { /* nothing was kept */ }
  });

  // It runs: nothing to say of that.
  parsed.then(() => say());
  const late = setTimeout(() => parsed.then(() => alive || say('late')), PATIENCE);
  begin().catch(async () => {
    await parsed;
    // A page that is being left loses what it was loading.
    const leaving = left + PATIENCE - performance.now();
    if (leaving > 0) await new Promise((go) => setTimeout(go, leaving));
    say(canRun ? 'lost' : 'barred');
  }).finally(() => clearTimeout(late));
})();
