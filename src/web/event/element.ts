// `<firstcome-claim coupon="…">`: what `main` of the event page has, on the shop's own page. The
// token comes from its property `token`, a function, asked whenever one is needed.

import type { Language } from '../shared/texts.ts'
import type { Claimer } from './claimer.ts'
import { type Following, follow } from './following.ts'

type TokenSource = () => string | null | Promise<string | null>

const elementStyle = `:host{display:block;font:16px/1.5 system-ui,sans-serif;text-align:center}
p,.name{margin:.5em 0}.name{display:block;font-size:1.25em}
.timer,.code{font-size:1.75em;font-weight:700;font-variant-numeric:tabular-nums}
button{font:inherit;font-weight:700;min-width:200px;min-height:48px;padding:0 1.5em;border:0;
border-radius:12px;background:#1d4ed8;color:#fff;cursor:pointer}
button:disabled{background:#e2e8f0;color:#475569;cursor:default}
button:focus-visible{outline:3px solid #f59e0b;outline-offset:2px}`

class FirstcomeClaim extends HTMLElement {
  #following: Following | null = null
  #source: TokenSource | undefined

  get token(): TokenSource | undefined {
    return this.#source
  }

  set token(source: TokenSource | undefined) {
    this.#source = source
    if (this.#following) this.#ask(this.#following.claimer)
  }

  connectedCallback(): void {
    // Set before the module has run, it lies on the element itself.
    if (Object.hasOwn(this, 'token')) {
      const given = this.token
      Reflect.deleteProperty(this, 'token')
      this.#source = given
    }
    const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' })
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(elementStyle)
    root.adoptedStyleSheets = [sheet]
    root.replaceChildren()
    this.#following = follow({
      couponId: this.getAttribute('coupon') ?? '',
      service: new URL(import.meta.url).origin,
      root,
      heading: 'h2',
      canSignIn: true,
      language: () => languageOf(this),
      tokenWanted: (claimer) => this.#ask(claimer),
      signIn: (claimer) => this.#ask(claimer),
    })
    this.#ask(this.#following.claimer)
  }

  disconnectedCallback(): void {
    this.#following?.end()
    this.#following = null
  }

  #ask(claimer: Claimer): void {
    claimer.setToken(undefined)
    const asked = Promise.resolve().then(() => this.#source?.() ?? null)
    asked.then(
      (token) => claimer.setToken(token),
      () => claimer.setToken(null),
    )
  }
}

function languageOf(element: Element): Language {
  const language = element.closest<HTMLElement>('[lang]')?.lang ?? document.documentElement.lang
  return /^ko\b/i.test(language) ? 'ko' : 'en'
}

customElements.define('firstcome-claim', FirstcomeClaim)
