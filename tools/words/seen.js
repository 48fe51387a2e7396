// What a person sees and hears of the page: words, fields, links, charts and pictures, in the page's order.
() => {
  const tidy = (said) => (said || '').replace(/\s+/g, ' ').trim()
  const all = (what) => [...document.querySelectorAll(what)]
  const shown = (it) => it.checkVisibility()
  const part = (name, lines) => [`--- ${name}`, ...lines.filter((line) => line !== '')]
  const field = (it) => [
    it.tagName.toLowerCase(), it.type || it.getAttribute('role') || '', it.name || '',
    tidy(it.getAttribute('aria-label') || (it.labels && it.labels[0] ? it.labels[0].innerText : '')),
    it.type === 'checkbox' || it.type === 'radio' ? (it.checked ? 'on' : 'off') : '',
    it.tagName === 'BUTTON' || it.type === 'hidden' || it.type === 'password' ? '' : tidy(it.value),
    tidy(it.placeholder), it.disabled ? 'disabled' : '',
  ].join(' | ')
  const chart = (it) => [
    'chart: ' + tidy(it.getAttribute('aria-label')),
    ...[...it.querySelectorAll('[aria-label]')].map((mark) => '  ' + tidy(mark.getAttribute('aria-label'))),
    '  words: ' + [...it.querySelectorAll('text')].map((word) => tidy(word.textContent)).join(' | '),
  ]
  const link = (it) => `${tidy(it.innerText || it.getAttribute('aria-label'))} -> ${it.getAttribute('href')}`
  const main = document.querySelector('[data-testid=stMain]')
  const aside = document.querySelector('[data-testid=stSidebar]')
  const dialogs = all('[role=dialog]').filter(shown)
  return [
    'title: ' + document.title, 'address: ' + location.pathname + location.search,
    'language: ' + document.documentElement.lang + ' ' + document.documentElement.dir,
    ...part('words', (main || document.body).innerText.split('\n').map(tidy)),
    ...part('dialogs', dialogs.flatMap((it) => it.innerText.split('\n').map(tidy))),
    ...part('menu', aside ? aside.innerText.split('\n').map(tidy) : []),
    ...part('headings', all('h1, h2, h3, h4').filter(shown).map((it) => it.tagName + ' ' + tidy(it.innerText))),
    ...part('fields', all('input, textarea, select, button[name], [role=combobox]').map(field)),
    ...part('buttons', all('button').filter(shown).map((it) => tidy(it.innerText || it.getAttribute('aria-label')))),
    ...part('links', all('a[href]').filter(shown).map(link)),
    ...part('charts', all('[data-testid=stVegaLiteChart] svg').flatMap(chart)),
    ...part('pictures', all('img').map((it) => tidy(it.alt))),
    ...part('alerts', all('[role=alert]').map((it) => tidy(it.innerText))),
  ].join('\n')
}
