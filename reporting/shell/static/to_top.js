// The next question begins at its heading, which is also what a screen reader reads next.
(() => {
  const main = document.querySelector('[data-testid="stMain"]');
  const heading = main && main.querySelector('h2');
  if (!heading) return;
  main.scrollTo(0, 0);
  heading.tabIndex = -1;
  heading.style.outline = 'none';
  heading.focus({ preventScroll: true });
})();
