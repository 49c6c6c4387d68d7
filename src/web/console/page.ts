// The console: signing in, the coupons, the chosen one with the acts on it, figures and lights. It
// shows what the stream says.

import { h, render } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { store, stored } from '../shared/browser.ts'
import type { Language } from '../shared/texts.ts'
import { ActButtons, NewCouponButton, OpenedAct, useActs } from './acts/act-buttons.ts'
import { follow } from './following.ts'
import { type Html, html } from './html.ts'
import { Lights } from './lights.ts'
import { after, type Coupon, type Model } from './model.ts'
import { Part, PartLinks, usePart } from './parts.ts'
import { Charts, Sale } from './sale.ts'
import { call, codeOfLink, type Session, sessionOf } from './session.ts'
import { SignIn } from './sign-in.ts'
import { words } from './words.ts'

const language: Language = document.documentElement.lang === 'ko' ? 'ko' : 'en'
const say = words[language]
const code = codeOfLink()
/** The coupon that was chosen last in this tab. */
const chosenKey = 'firstcome:chosen'

function Page() {
  const [session, setSession] = useState<Session | null | undefined>(undefined)
  const [refusal, setRefusal] = useState('')
  useEffect(() => {
    void begin().then(([begun, refused]) => {
      setSession(begun)
      setRefusal(refused)
    })
  }, [])
  if (session === undefined) return html`<p class="wait" role="status"></p>`
  if (session === null) {
    return html`<${SignIn} language=${language} refusal=${refusal} signedIn=${setSession} />`
  }
  return html`<${Console} session=${session} signedOut=${() => {
    setRefusal('')
    setSession(null)
  }} />`
}

async function begin(): Promise<[Session | null, string]> {
  try {
    if (code !== null) {
      const byCode = sessionOf(await call('POST', '/console/session', { code }))
      if (byCode !== null) return [byCode, '']
    }
    const known = sessionOf(await call('GET', '/console/session'))
    return [known, known === null && code !== null ? say.codeOver : '']
  } catch {
    return [null, say.away]
  }
}

type ConsoleParts = { session: Session; signedOut(): void }

function Console({ session, signedOut }: ConsoleParts): Html {
  const [model, setModel] = useState<Model | null>(null)
  const [isThere, setIsThere] = useState(true)
  const [chosen, setChosen] = useState(stored(chosenKey))
  const choose = (couponId: string) => {
    store(chosenKey, couponId)
    setChosen(couponId)
  }
  const part = usePart()
  const acts = useActs()
  useEffect(() => {
    let known: Model | null = null
    const event = (name: string, data: Parameters<typeof after>[2]) => {
      // A session ends with its token.
      if (data.now >= session.endsAt) return signedOut()
      known = after(known, name, data)
      setModel(known)
    }
    const following = follow({ event, line: setIsThere, signedOut })
    return () => following.stop()
  }, [])
  const leave = () =>
    void call('DELETE', '/console/session').then(signedOut, () => setIsThere(false))
  const coupon = model?.coupons.get(chosen ?? '')
  const props = model && { language, session, model, coupon, signedOut }
  const partShown = part && props && html`<${Part} part=${part} ...${props} />`
  const charts = !part && model && html`<${Charts} seconds=${model.seconds} language=${language} />`
  const mayAct = session.scope === 'operator'
  return html`<header><h1>${say.title}</h1><p>${session.userId}</p>
      <button type="button" onClick=${leave}>${say.signOut}</button></header>
    <${PartLinks} part=${part} language=${language} />
    ${isThere ? '' : html`<p class="away" role="alert">${say.away}</p>`}
    ${
      model &&
      html`<div class="parts">
      <div>${mayAct && html`<${NewCouponButton} acts=${acts} language=${language} />`}
        <${Coupons} coupons=${[...model.coupons.values()]} chosen=${chosen} choose=${choose} />
      </div>
      <main>${
        coupon
          ? html`<${Sale} model=${model} coupon=${coupon} language=${language}>${
              mayAct && html`<${ActButtons} acts=${acts} coupon=${coupon} language=${language} />`
            }</${Sale}>`
          : part === null && model.coupons.size > 0 && html`<p class="choose">${say.choose}</p>`
      }
        ${partShown}
        <${Lights} model=${model} language=${language} />
        ${charts}</main></div>
      <${OpenedAct} acts=${acts} coupons=${model.coupons} language=${language} />`
    }`
}

type CouponsParts = {
  coupons: readonly Coupon[]
  chosen: string | null
  choose(couponId: string): void
}

function Coupons({ coupons, chosen, choose }: CouponsParts): Html {
  const figure = new Intl.NumberFormat(language)
  const list = useRef<HTMLUListElement>(null)
  useEffect(() => showChosen(list.current), [chosen, coupons.length])
  const items = coupons.map(
    ({ couponId, name, status, remaining, quantity }) => html`<li key=${couponId}>
      <button type="button" class=${status} aria-current=${couponId === chosen ? 'true' : null}
        onClick=${() => choose(couponId)}><span class="name">${name}</span>
        <span class="line"><span class="mark" aria-hidden="true"></span>${say[status]}</span>
        <span class="line">${figure.format(remaining)} / ${figure.format(quantity)}</span>
      </button></li>`,
  )
  return html`<nav class="coupons" aria-label=${say.coupons}>
    ${items.length > 0 ? html`<ul ref=${list}>${items}</ul>` : html`<p>${say.noCoupons}</p>`}</nav>`
}

/** The one that was chosen before may stand far down. */
function showChosen(list: HTMLUListElement | null): void {
  const item = list?.querySelector<HTMLElement>('[aria-current]')
  if (!list || !item) return
  const [outer, inner] = [list.getBoundingClientRect(), item.getBoundingClientRect()]
  if (inner.top < outer.top || inner.bottom > outer.bottom) list.scrollTop += inner.top - outer.top
}

const place = document.querySelector('#console')
if (place !== null) render(h(Page, null), place)
