// The buttons of a page that choose its language: for this tab, at once, without asking anybody.

import { store, stored } from './browser.ts'
import { keptKeys } from './kept.ts'

/** Heard by whatever says something on the page. */
export const languageChanged = 'firstcome:language'

export function switchLanguage(): void {
  const page = document.documentElement
  const chosen = stored(keptKeys.language)
  if (chosen === 'en' || chosen === 'ko') page.lang = chosen
  for (const button of document.querySelectorAll<HTMLButtonElement>('.languages button')) {
    const mark = () => button.setAttribute('aria-pressed', String(button.lang === page.lang))
    button.addEventListener('click', () => {
      page.lang = button.lang
      store(keptKeys.language, button.lang)
      document.dispatchEvent(new Event(languageChanged))
    })
    document.addEventListener(languageChanged, mark)
    mark()
  }
}
