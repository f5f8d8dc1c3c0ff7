// Keeps the address bar at props.value, the query of the view on screen, so that the URL can be
// shared. The theme someone forced with ?__theme stays their own.
function show() {
  if (typeof props.value !== 'string' || !props.value.startsWith('?')) return;
  const theme = new URLSearchParams(location.search).get('__theme');
  const query = props.value + (theme ? '&__theme=' + encodeURIComponent(theme) : '');
  history.replaceState(null, '', location.pathname + query);
}
watch('value', show);
