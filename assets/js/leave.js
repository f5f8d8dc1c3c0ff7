// Asks before the page is left while there are models of this visit, or one is being trained
// (props.value is {models, running}): they are gone with it.
window.addEventListener('beforeunload', (event) => {
  if (props.value && (props.value.models || props.value.running)) event.preventDefault();
});
