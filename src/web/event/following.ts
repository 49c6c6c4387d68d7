// What the page and the element have in common: a claimer whose view is shown a few times a second
// while it can be seen, the button, and the events by which a browser tells that all may differ.

import { every, tried } from '../shared/browser.ts'
import type { Language } from '../shared/texts.ts'
import { Claimer } from './claimer.ts'
import { copyTextOf } from './copying.ts'
import { createRendering } from './rendering.ts'
import { type View, viewOf } from './view.ts'

export type FollowParts = {
  couponId: string
  service: string
  root: HTMLElement | ShadowRoot
  heading: 'h1' | 'h2'
  language(): Language
  tokenWanted(claimer: Claimer): void
  signIn(claimer: Claimer): void
  /** Before a view is shown, which may be changed. */
  showing(claimer: Claimer, view: View): unknown
}
export type Following = { claimer: Claimer; end(): void }

/** Fine enough for a button that works to the moment, and a countdown that does not limp. */
const tickMs = 100

export function follow(parts: FollowParts): Following {
  const { couponId } = parts
  const channel = tried(() => new BroadcastChannel('firstcome'))
  const claimer = new Claimer({
    ...parts,
    tokenWanted: () => parts.tokenWanted(claimer),
    changed: () => channel?.postMessage(couponId),
  })
  const rendering = createRendering(parts.root, parts, (word) => {
    if (word === 'get') claimer.press()
    else if (word === 'copy') {
      void copyTextOf(rendering.code).then((isCopied) => {
        rendering.say(isCopied ? 'copied' : 'not_copied')
        show()
      })
    } else parts.signIn(claimer)
    show()
  })

  function show(): void {
    if (document.hidden) return
    const view = viewOf(claimer.facts())
    parts.showing(claimer, view)
    rendering.show(view, parts.language())
  }

  function tick(): void {
    claimer.tick()
    show()
  }

  function seen(): void {
    if (document.hidden) return
    claimer.refresh()
    show()
  }

  const ends = new AbortController()
  const { signal } = ends
  for (const name of ['visibilitychange', 'pageshow', 'online', 'offline']) {
    addEventListener(name, seen, { signal })
  }
  channel?.addEventListener('message', ({ data }) => data === couponId && seen(), { signal })
  const cancel = every(tickMs, tick)
  tick()
  return {
    claimer,
    end() {
      cancel()
      ends.abort()
      channel?.close()
    },
  }
}
