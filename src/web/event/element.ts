// `<firstcome-claim coupon="…">`: what `main` of the event page has, on the shop's own page. The
// token comes from its property `token`, a function, asked whenever one is needed.

import type { Claimer } from './claimer.ts'
import { type Following, follow } from './following.ts'

type TokenSource = () => string | null | Promise<string | null>

const elementStyle = `:host{display:block;text-align:center}
p{margin:8px}
.timer,.code{font-size:28px}
button{font:inherit;min-width:200px;min-height:48px;border:0;border-radius:12px;
background:#1d4ed8;color:#fff}
:disabled{background:#e2e8f0;color:#475569}`

class FirstcomeClaim extends HTMLElement {
  /** Set by the page, before this module has run or after. */
  declare token: TokenSource | undefined
  #following: Following | undefined

  connectedCallback(): void {
    const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' })
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(elementStyle)
    root.adoptedStyleSheets = [sheet]
    /** The source that was asked last; null: none yet. */
    let asked: TokenSource | undefined | null = null
    const ask = (claimer: Claimer) => {
      asked = this.token
      claimer.setToken(undefined)
      Promise.resolve()
        .then(() => asked?.())
        .then(
          (token) => claimer.setToken(token ?? null),
          () => claimer.setToken(null),
        )
    }
    this.#following = follow({
      couponId: this.getAttribute('coupon') ?? '',
      service: new URL(import.meta.url).origin,
      root,
      heading: 'h2',
      language: () => {
        const { lang } = this.closest<HTMLElement>('[lang]') ?? document.documentElement
        return lang.startsWith('ko') ? 'ko' : 'en'
      },
      tokenWanted: ask,
      signIn: ask,
      showing: (claimer) => this.token !== asked && ask(claimer),
    })
  }

  disconnectedCallback(): void {
    this.#following?.end()
  }
}

customElements.define('firstcome-claim', FirstcomeClaim)
