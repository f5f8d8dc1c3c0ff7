// Asks before the page is left while props.value.models is above 0: they are gone with it.
window.addEventListener('beforeunload', (event) => {
  if (props.value && props.value.models) event.preventDefault();
});
