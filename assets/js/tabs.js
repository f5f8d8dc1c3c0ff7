// The address names the tab in sight, so that it can be shared, and Back leads to the tab before.
const tabOf = (button) => button?.id.replace(/-button$/, '') ?? '';
const tabs = () => [...document.querySelectorAll('[role=tab]')].map(tabOf);
const chosen = () => tabOf(document.querySelector('[role=tab][aria-selected=true]'));
const named = (tab) => tab.replace(/^tab-/, '');
const linked = () => tabs().find((tab) => new URLSearchParams(location.search).has(named(tab)));

// The theme someone forced with ?__theme stays their own.
function go(tab, query, how) {
  const theme = new URLSearchParams(location.search).get('__theme');
  const all = new URLSearchParams(query);
  if (theme) all.set('__theme', theme);
  history[how]({ tab }, '', location.pathname + (all.size ? '?' + all : ''));
}

// A link's own tab may still be on its way when the first one has been drawn.
window.labAddress = (tab, query) => {
  if (tab === chosen() && [undefined, tab].includes(linked())) go(tab, query, 'replaceState');
};

let shown = '';
function follow() {
  const tab = chosen();
  if (!tab || tab === shown) return;
  const arrived = !shown || linked() === tab; // by the address that stands there
  shown = tab;
  if (arrived) history.replaceState({ tab }, '');
  else if (history.state?.tab !== tab) {
    const first = tab === tabs()[0]; // which has no name in its links
    go(tab, window.labQueries?.[tab] ?? (first ? '' : `?${named(tab)}=`), 'pushState');
  }
}
new MutationObserver(follow).observe(document.body, {
  subtree: true, attributes: true, attributeFilter: ['aria-selected'],
});
follow();
window.addEventListener('popstate', (event) => {
  const tab = event.state?.tab;
  if (tab && tab !== shown) document.getElementById(`${tab}-button`)?.click();
});
