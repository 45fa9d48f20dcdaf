// A plain form is sent once, until the page is shown again or nothing comes of it.
(() => {
  let sent = null;
  let patience = 0;
  const release = () => {
    sent = null;
    clearTimeout(patience);
  };
  addEventListener('submit', (event) => {
    if (event.target === sent) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    release();
    sent = event.target;
    // The page sends its forms itself once it is hydrated.
    setTimeout(() => { if (event.defaultPrevented) release(); });
    patience = setTimeout(release, 10000);
  }, true);
  addEventListener('pageshow', release);
  // Whoever stops the page may press again.
  addEventListener('keydown', (event) => { if (event.key === 'Escape') release(); }, true);
  globalThis.navigation?.addEventListener('navigateerror', release);
})();
