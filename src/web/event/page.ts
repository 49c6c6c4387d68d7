// The page of a coupon: whose it is (a token from the fragment, from the page that frames it, or
// kept for this tab), where one signs in, and its language.

import { monotonic, store, stored } from '../shared/browser.ts'
import { forget, keptKeys } from '../shared/kept.ts'
import { languageChanged, switchLanguage } from '../shared/language-switch.ts'
import type { Language } from '../shared/texts.ts'
import { showDemo } from './demo.ts'
import { follow } from './following.ts'
import { pageWords } from './page-words.ts'

const page = document.documentElement
const main = document.querySelector('main') ?? document.body
const couponId = decodeURIComponent(location.pathname.replace(/^.*\/events\//, ''))
const { signInUrl, origins = '' } = page.dataset
const isFramed = window.parent !== window
const tokenKey = keptKeys.token
/** A parent that says nothing has no token. */
const parentWaitMs = 1_500

function tokenOfFragment(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  // Also the rest of the fragment: nothing of it is ours.
  if (token !== null) history.replaceState(history.state, '', location.pathname + location.search)
  return token
}

function startPage(): void {
  const given = tokenOfFragment()
  if (given !== null) store(tokenKey, given)
  let askedAt: number | null = null
  const following = follow({
    couponId,
    service: '',
    root: main,
    heading: 'h1',
    language: () => page.lang as Language,
    tokenWanted: askParent,
    signIn(claimer) {
      if (signInUrl === undefined) return askParent()
      const url = new URL(signInUrl, location.href)
      url.searchParams.set('return', location.href)
      forget(tokenKey)
      claimer.setToken(null)
      // Where one signs in is seldom shown in a frame.
      if (isFramed) open(url, '_top')
      else location.assign(url)
    },
    showing(claimer, view) {
      const { name, word } = view
      main.dataset['state'] = word
      if (name !== undefined && document.title !== name) document.title = name
      if (word === 'sign_in' && signInUrl === undefined && !isFramed) {
        view.button = undefined
        view.sentence = pageWords[page.lang as Language].sign_in_elsewhere
      }
      if (askedAt === null || monotonic() - askedAt < parentWaitMs) return
      askedAt = null
      if (claimer.facts().token === undefined) claimer.setToken(null)
    },
  })

  function askParent(): void {
    if (!isFramed) return
    askedAt = monotonic()
    window.parent.postMessage({ type: 'firstcome:token-wanted', couponId }, '*')
  }

  function take(token: string | null): void {
    if (token === null) forget(tokenKey)
    else store(tokenKey, token)
    following.claimer.setToken(token)
  }

  const known = given ?? stored(tokenKey)
  if (known !== null) following.claimer.setToken(known)
  else if (!isFramed) following.claimer.setToken(null)
  askParent()
  addEventListener('message', ({ data, source, origin }) => {
    const isOurs = origin === location.origin || origins.split(',').includes(origin)
    if (!isFramed || source !== window.parent || !isOurs) return
    if (data?.type !== 'firstcome:token') return
    if (data.token === null || typeof data.token === 'string') take(data.token)
  })
  addEventListener('hashchange', () => {
    const next = tokenOfFragment()
    if (next !== null) take(next)
  })
  const demo = document.querySelector<HTMLLabelElement>('.demo')
  if (demo !== null && new URLSearchParams(location.search).has('demo')) showDemo(demo, take)
}

/** There is one where the sale can be checked. */
function nameProofLink(): void {
  const link = document.querySelector('.proof')
  const name = () => link?.replaceChildren(pageWords[page.lang as Language].check_sale)
  document.addEventListener(languageChanged, name)
  name()
}

switchLanguage()
nameProofLink()
startPage()
