// `?demo` where the service allows it: a choice of users, so that a newcomer sees what each sees.

import { store, stored } from '../shared/browser.ts'
import { languageChanged } from '../shared/language-switch.ts'
import type { Language } from '../shared/texts.ts'
import { pageWords } from './page-words.ts'

const demoUsers = ['kim', 'lee', 'park', 'choi', 'jung']
const chosenKey = 'firstcome:demo'

/** `label`: with the name of the choice, and the choice itself. */
export function showDemo(label: HTMLLabelElement, take: (token: string | null) => void): void {
  const text = label.querySelector('span')
  const choice = label.control
  if (text === null || !(choice instanceof HTMLSelectElement)) return
  const name = () => {
    text.textContent = pageWords[document.documentElement.lang as Language].user
  }
  name()
  document.addEventListener(languageChanged, name)
  for (const user of demoUsers) choice.add(new Option(user, user))
  choice.value = stored(chosenKey) ?? ''
  if (choice.selectedIndex < 0) choice.selectedIndex = 0
  label.hidden = false

  const choose = async (userId: string): Promise<void> => {
    store(chosenKey, userId)
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ userId })
    const asked = fetch('/demo/tokens', { method: 'POST', headers, body })
    const { token } = await asked.then((answer) => answer.json()).catch(() => ({}))
    if (choice.value === userId && typeof token === 'string') take(token)
  }

  choice.addEventListener('change', () => void choose(choice.value))
  void choose(choice.value)
}
