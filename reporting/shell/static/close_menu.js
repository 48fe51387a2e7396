// On a phone the menu covers the page: it closes when a page was chosen in it.
if (window.innerWidth < 768 && document.querySelector("[data-testid=stSidebar][data-collapsed=false]")) {
  document.querySelector("[data-testid=stSidebarCollapseButton] button")?.click();
}
