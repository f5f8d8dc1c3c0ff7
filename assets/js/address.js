// Keeps the address bar at props.value, the query of the view on screen, so that the URL can be
// shared. A tab out of sight waits until it is chosen: see tabs.js.
function show() {
  if (typeof props.value !== 'string' || !props.value.startsWith('?')) return;
  const tab = element.closest('[role=tabpanel]')?.id ?? '';
  (window.labQueries ||= {})[tab] = props.value;
  window.labAddress?.(tab, props.value);
}
watch('value', show);
