// The form by which one signs in. The token goes to the service at once, and stays nowhere here.

import { useState } from 'preact/hooks'
import type { Language } from '../shared/texts.ts'
import { type Html, html } from './html.ts'
import { call, detailOf, type Session, sessionOf } from './session.ts'
import { words } from './words.ts'

type SignInParts = {
  language: Language
  /** Of a link that is over. */
  refusal: string
  signedIn(session: Session): void
}

export function SignIn({ language, refusal, signedIn }: SignInParts): Html {
  const say = words[language]
  const [said, setSaid] = useState(refusal)
  const [isAsking, setIsAsking] = useState(false)
  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const token = (form.elements.namedItem('token') as HTMLInputElement).value.trim()
    if (token === '') return
    setIsAsking(true)
    try {
      const answer = await call('POST', '/console/session', { token })
      const session = sessionOf(answer)
      if (session !== null) return signedIn(session)
      setSaid(detailOf(answer))
    } catch {
      setSaid(say.away)
    }
    form.reset()
    setIsAsking(false)
  }
  return html`<main class="sign-in"><h1>${say.title}</h1>
    <form onSubmit=${submit}>
      <label for="token">${say.token}</label>
      <input id="token" name="token" type="password" autocomplete="off" required
        aria-describedby="hint" />
      <p id="hint">${say.tokenHint}</p>
      ${said === '' ? '' : html`<p role="alert">${said}</p>`}
      <button type="submit" disabled=${isAsking}>${say.signIn}</button>
    </form></main>`
}
