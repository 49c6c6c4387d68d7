// What the page and the element have in common: a claimer whose view is shown a few times a second
// while it can be seen, the button, and the events by which a browser tells that all may differ.

import { every } from '../shared/browser.ts'
import type { Language } from '../shared/texts.ts'
import { Claimer } from './claimer.ts'
import { copyText } from './copying.ts'
import { createRendering } from './rendering.ts'
import { viewOf } from './view.ts'

export type FollowParts = {
  couponId: string
  service: string
  root: HTMLElement | ShadowRoot
  heading: 'h1' | 'h2'
  canSignIn: boolean
  language(): Language
  tokenWanted(claimer: Claimer): void
  signIn(claimer: Claimer): void
  shown?(name: string | undefined): void
}
export type Following = { claimer: Claimer; end(): void }

/** Fine enough for a button that works to the moment, and a countdown that does not limp. */
const tickMs = 100

export function follow(parts: FollowParts): Following {
  const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('firstcome') : null
  const claimer = new Claimer({
    ...parts,
    isHidden: () => document.hidden,
    tokenWanted: () => parts.tokenWanted(claimer),
    changed: () => channel?.postMessage(parts.couponId),
  })
  const rendering = createRendering(parts.root, parts, (word) => {
    if (word === 'get') claimer.press()
    else if (word === 'sign_in_button') parts.signIn(claimer)
    else void copyText(rendering.code()).then(say)
    show()
  })

  function say(isCopied: boolean): void {
    if (!isCopied) rendering.selectCode()
    rendering.say(isCopied ? 'copied' : 'not_copied')
    show()
  }

  function show(): void {
    const view = viewOf(claimer.facts())
    rendering.show(view, parts.language())
    parts.shown?.(view.name)
  }

  function tick(): void {
    claimer.tick()
    if (!document.hidden) show()
  }

  function seen(): void {
    if (document.hidden) return
    claimer.refresh()
    show()
  }

  const ends = new AbortController()
  const { signal } = ends
  document.addEventListener('visibilitychange', seen, { signal })
  addEventListener('pageshow', seen, { signal })
  addEventListener('online', seen, { signal })
  addEventListener('offline', () => claimer.lineLost(), { signal })
  channel?.addEventListener('message', ({ data }) => data === parts.couponId && seen(), { signal })
  const stop = every(tickMs, tick)
  tick()
  return {
    claimer,
    end() {
      stop()
      ends.abort()
      channel?.close()
    },
  }
}
