// Keeps the address bar at props.value, the query of the view on screen, so that the URL can be
// shared. The theme someone forced with ?__theme stays their own.
function show() {
  if (typeof props.value !== 'string' || !props.value.startsWith('?')) return;
  const theme = new URLSearchParams(location.search).get('__theme');
  const query = new URLSearchParams(props.value);
  if (theme) query.set('__theme', theme);
  history.replaceState(null, '', location.pathname + (query.size ? '?' + query : ''));
}
watch('value', show);
