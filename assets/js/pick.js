// Reports a click, or Enter on a focused element, on anything that carries data-pick.
element.addEventListener('click', (event) => {
  const target = event.target.closest('[data-pick]');
  if (target) trigger('pick', { name: target.dataset.pick });
});
