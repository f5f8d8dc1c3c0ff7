// Saves props.value = {name, type, text} as a file; the text never lies on the server.
watch('value', () => {
  if (!props.value || !props.value.text) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([props.value.text], { type: props.value.type }));
  link.download = props.value.name;
  link.click();
  URL.revokeObjectURL(link.href);
});
